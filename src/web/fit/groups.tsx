import type { GroupsAnalysis } from '../../fit/groups/result.ts'
import { answersOf, eachBlocks, testBlocks } from '../../report/fit/groups/blocks.ts'
import { Blocks } from '../parts/blocks.tsx'

/** Several data sets side by side: what each says, and what they share, in the words of the report. */
export const Groups = ({ groups }: { readonly groups: GroupsAnalysis }) => (
  <section class="card prose">
    <Blocks blocks={[...answersOf(groups), ...eachBlocks(groups), ...testBlocks(groups)]} />
  </section>
)
