import { show } from '../parts/show.tsx'
import { openFit } from './open.ts'
import { FitPage } from './page.tsx'

await show(openFit, FitPage)
