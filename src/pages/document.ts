import { createHash } from 'node:crypto'

/** Which of the pages the one script shows. */
export type Entrance = 'campaign' | 'class' | 'fit'

export type PageLanguage = 'en' | 'zh'
const htmlLanguages: Readonly<Record<PageLanguage, string>> = { en: 'en', zh: 'zh-Hans' }

const needsScript: Readonly<Record<PageLanguage, string>> = {
  en: 'This page needs JavaScript.',
  zh: '此页面需要 JavaScript。',
}

/** What fits beside each page. */
const workers: Readonly<Record<Entrance, string>> = { campaign: 'refit.js', class: 'refit.js', fit: 'analyse.js' }

/**
 * The document of every page: nothing in it but a name for the tab and what loads the rest, and no secret; and HTML for browsers without JavaScript.
 */
export function documentOf(
  entrance: Entrance,
  language: PageLanguage,
  versions: (name: string) => string,
  tab: string,
  without: string = needsScript[language],
): string {
  const script = `${entrance}.${language}.js`
  return `<!doctype html>
<html lang="${htmlLanguages[language]}" data-entrance="${entrance}" data-tab="${tab}" data-worker="/assets/${workers[entrance]}?${versions(workers[entrance])}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>isoflop</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/style.css?${versions('style.css')}">
<script type="module" src="/assets/${script}?${versions(script)}"></script>
</head>
<body><div id="app"></div><noscript>${without}</noscript></body>
</html>
`
}

/** A valley with its lowest point: what every page is about. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1f6aa5"/><path d="M6 8C9 22 13 24 17 24S25 18 27 11" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"/><circle cx="16.500" cy="24" r="3.400" fill="#fff"/></svg>`

export const iconTag = `"${createHash('sha256').update(icon).digest('hex').slice(0, 20)}"`

/** The language that a browser asks for, among those that there are. */
export function languageOf(asked: string | undefined, accepted: string | undefined): PageLanguage {
  if (asked === 'zh' || asked === 'en') return asked
  const first = /^\s*([a-z]{2})/i.exec(accepted ?? '')?.[1].toLowerCase()
  return first === 'zh' ? 'zh' : 'en'
}
