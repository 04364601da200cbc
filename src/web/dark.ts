/** Figures are drawn for white paper; in the dark their colours are turned over. */

/** The card that a figure stands on in the dark, as in style.css. */
export const darkCard = '#181c22'
/** Lightness of white and of black paper in OKLab. */
const [least, most] = [0.225, 0.94]
/** The hue of the card. */
const card = { a: -0.002, b: -0.011 } as const

const known = new Map<string, string>()

/** A colour of white paper on black paper: as far from the paper as it was, its hue kept. */
export function inDark(color: string): string {
  if (!/^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i.test(color)) return color
  const found = known.get(color)
  if (found !== undefined) return found
  const turned = turnedOver(color)
  known.set(color, turned)
  return turned
}

function turnedOver(color: string): string {
  const full = color.length === 4 ? `#${[...color.slice(1)].map((digit) => digit + digit).join('')}` : color
  if (full.toLowerCase() === '#ffffff') return darkCard
  const channels = [1, 3, 5].map((at) => linear(Number.parseInt(full.slice(at, at + 2), 16) / 255))
  const [L, a, b] = labOf(channels)
  const isGrey = Math.hypot(a, b) < 0.01
  // What is coloured and light, as the smallest budgets are, has to be seen on dark as it is on white; greys that are hardly seen there are hardly seen here.
  // The grey of notes would have a contrast of 4.3 by an exponent of 1, and has 4.6 by 0.94.
  const turned = least + (1 - L) ** (isGrey ? 0.94 : 0.55) * (most - least)
  const rgb = rgbOf(isGrey ? [turned, card.a, card.b] : [turned, a, b])
  return `#${rgb
    .map((value) =>
      Math.round(255 * gamma(value))
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`
}

const linear = (c: number): number => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
const gamma = (c: number): number => {
  const inside = Math.min(Math.max(c, 0), 1)
  return inside <= 0.0031308 ? 12.92 * inside : 1.055 * inside ** (1 / 2.4) - 0.055
}

/** Ottosson 2020, OKLab. */
function labOf([r, g, b]: readonly number[]): [number, number, number] {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

function rgbOf([L, a, b]: readonly number[]): number[] {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ]
}
