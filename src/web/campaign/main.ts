import { show } from '../parts/show.tsx'
import { openSession } from '../session.ts'
import { CampaignPage } from './page.tsx'

await show(openSession, CampaignPage)
