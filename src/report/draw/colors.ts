/** What the fitted law says: lines and bands, and text in its colour. */
export const lawColor = '#56a3d9'
export const lawInk = '#1f6aa5'
/** What is true in a simulated world, and runs that fell outside their interval. */
export const truthColor = '#a03000'
