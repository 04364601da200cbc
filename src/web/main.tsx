import { render } from 'preact'
import { CampaignPage } from './campaign/page.tsx'
import { openSession } from './session.ts'

/** The page of each entrance, by its document's `data-entrance`. */
const pages = { campaign: CampaignPage }

const entrance = document.documentElement.dataset.entrance as keyof typeof pages
const Page = pages[entrance]

await openSession()
render(<Page />, document.getElementById('app')!)
