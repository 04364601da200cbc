// Part of `npm run build`: tsc writes JavaScript only, and the migrations of the stores are SQL files beside it.
import { cpSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const path = (folder) => fileURLToPath(new URL(`../${folder}/server/store/migrations`, import.meta.url))

rmSync(path('dist'), { recursive: true, force: true })
cpSync(path('src'), path('dist'), { recursive: true })
