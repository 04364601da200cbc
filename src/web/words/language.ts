/** What the page is written in. */
export const language: 'en' | 'zh' = document.documentElement.lang.startsWith('zh') ? 'zh' : 'en'
