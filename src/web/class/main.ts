import { show } from '../parts/show.tsx'
import { openClass } from './me.ts'
import { ClassPage } from './page.tsx'

await show(openClass, ClassPage)
