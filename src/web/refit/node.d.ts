/** What spaces make their checksums with; the bundle has an empty one in its place (scripts/web.js). */
declare module 'node:crypto' {
  interface Hash {
    update(text: string): Hash
    digest(encoding: 'hex'): string
  }
  export function createHash(name: string): Hash
}
