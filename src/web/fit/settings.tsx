import type { Findings } from '../../report/fit/findings.ts'
import { jointBlocks } from '../../report/fit/joint.ts'
import { repeatsBlocks } from '../../report/fit/repeats.ts'
import { Blocks } from '../parts/blocks.tsx'

/** What the laws of more than N and D say, in the words of the report; nothing where none was asked for. */
export function Settings({ findings }: { readonly findings: Findings }) {
  const blocks = [...jointBlocks(findings), ...repeatsBlocks(findings)]
  if (blocks.length === 0) return null
  return (
    <section class="card prose">
      <Blocks blocks={blocks} />
    </section>
  )
}
