import { type ComponentType, render } from 'preact'
import { CampaignPage } from './campaign/page.tsx'
import { openClass } from './class/me.ts'
import { ClassPage } from './class/page.tsx'
import { openFit } from './fit/open.ts'
import { FitPage } from './fit/page.tsx'
import { openSession } from './session.ts'

/** The page of each entrance, by its document's `data-entrance`, and what it needs to know before it is shown. */
const pages: Readonly<Record<string, { readonly open: () => Promise<void>; readonly Page: ComponentType }>> = {
  campaign: { open: openSession, Page: CampaignPage },
  fit: { open: openFit, Page: FitPage },
  class: { open: openClass, Page: ClassPage },
}

const { open, Page } = pages[document.documentElement.dataset.entrance!]

await open()
render(<Page />, document.getElementById('app')!)
