/** What `cpu-text.ts` makes the text of data/cpu-isoflops.jsonl from: packages of Debian 12's main section. */
export interface Source {
  readonly name: string
  readonly version: string
  readonly licence: string
  /** The files that are taken. */
  readonly files: RegExp
}

const source = (name: string, version: string, licence: string, files: RegExp): Source => ({
  name,
  version,
  licence,
  files,
})

const dictionary = /^usr\/share\/dictd\/.*\.dict\.dz$/
const pages = /\.x?html?(\.gz)?$/

export const sources: readonly Source[] = [
  source('ada-reference-manual-2012', '1:2020.1commit85143dcb-4', 'its own, free', /aarm2012\.html\/.*\.html$/),
  source('anarchism', '15.3-3', 'GPL-2+', /html\/.*\.html$/),
  source('apache2-doc', '2.4.71-1~deb12u1', 'Apache-2.0', /manual\/en\/.*\.html$/),
  source('cmake-doc', '3.25.1-1', 'BSD-3-Clause', /\.rst(\.txt)?(\.gz)?$/),
  source('debian-faq', '11.1', 'GPL-2+', /FAQ\/.*\.en\.html$/),
  source('debian-handbook', '11.20220922', 'CC-BY-SA-3.0 or GPL-2+', /html\/en-US\/.*\.html$/),
  source('debian-policy', '4.6.2.0', 'GPL-2+', /policy\.html\/_sources\/.*\.txt$/),
  source('debian-reference-en', '2.100', 'GPL-2+', /ch\d+\.en\.html$/),
  source('developers-reference', '12.18', 'GPL-2+', /_sources\/.*\.txt$/),
  source('dict-devil', '1.0-13.1', 'public domain', dictionary),
  source('dict-foldoc', '20230119-1', 'GFDL-1.1+', dictionary),
  source('dict-gcide', '0.48.5+nmu2', 'GPL-2+', dictionary),
  source('dict-jargon', '4.4.7-3.1', 'public domain', dictionary),
  source('dict-vera', '1:1.24-1', 'GFDL-1.3+', dictionary),
  source('dict-wn', '1:3.0-37', 'WordNet', dictionary),
  source('erlang-doc', '1:25.2.3+dfsg-1+deb12u4', 'Apache-2.0', /(stdlib|kernel|system)[^/]*\/.*\.html$/),
  source('exim4-doc-html', '4.96-1', 'GPL-2+', pages),
  source('fortunes', '1:1.99.1-7.3', 'BSD and public domain', /games\/fortunes\/[a-z-]+$/),
  source('gimp-help-en', '2.10.34-2', 'GFDL-1.2+', pages),
  source('git-doc', '1:2.39.5-0+deb12u3', 'GPL-2', /\.txt(\.gz)?$/),
  source('gnome-user-docs', '43.0-2', 'CC-BY-SA-3.0', /help\/C\/.*\.page$/),
  source('harden-doc', '3.19+nmu1', 'GPL-2+', /html\/en-US\/.*\.html$/),
  source('libboost1.74-doc', '1.74.0+ds1-21', 'BSL-1.0', /doc\/html\/.*\.html$/),
  source('libreoffice-help-en-us', '4:7.4.7-1+deb12u14', 'MPL-2.0', /help\/en-US\/text\/.*\.html$/),
  source('linux-doc-6.1', '6.1.192-2', 'GPL-2', /html\/_sources\/(?!translations\/).*\.txt$/),
  source('maxima-doc', '5.46.0-11', 'GPL-2+', /html\/(?!.*\/)maxima_\d+\.html$/),
  source('nodejs-doc', '18.20.4+dfsg-1~deb12u3', 'MIT', /api\/.*\.md\.gz$/),
  source('octave-doc', '7.3.0-2', 'GPL-3+', /octave\.html\/.*\.html$/),
  source('perl-doc', '5.36.0-7+deb12u4', 'GPL-1+ or Artistic', /pod\/(?!perl(toc|cn|jp|ko|tw)).*\.pod$/),
  source('postfix-doc', '3.7.11-0+deb12u1', 'IPL-1.0 or EPL-2.0', /html\/.*\.html$/),
  source('postgresql-doc-15', '15.20-0+deb12u1', 'PostgreSQL', /html\/.*\.html$/),
  source(
    'python-django-doc',
    '3:3.2.25-0+deb12u7',
    'BSD-3-Clause',
    /html\/(topics|ref|howto|intro|faq|releases|misc|internals)\/.*\.html$/,
  ),
  source('python-sqlalchemy-doc', '1.4.46+ds1-1', 'MIT', /html\/(core|orm|faq)\/.*\.html$/),
  source('python3.11-doc', '3.11.2-6+deb12u9', 'PSF', /_sources\/.*\.txt$/),
  source('r-doc-html', '4.2.2.20221110-2', 'GPL-2+', pages),
  source('racket-doc', '8.7+dfsg1-1', 'MIT or Apache-2.0', /racket\/(guide|reference)\/.*\.html$/),
  source(
    'rust-doc',
    '1.63.0+dfsg1-2',
    'MIT or Apache-2.0',
    /html\/(book|reference|nomicon|rustc|cargo|edition-guide|unstable-book)\/.*\.html$/,
  ),
  source('sqlite3-doc', '3.40.1-2+deb12u2', 'public domain', /sqlite3\/(?!search).*\.html$/),
  source('vim-doc', '2:9.0.1378-2+deb12u2', 'Vim', /vim\/html\/.*\.html$/),
  source('zsh-doc', '5.9-4', 'MIT', /html\/.*\.html$/),
]
