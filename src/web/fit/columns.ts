import { quotedName } from '../../input/quoted-name.ts'

/** What a column of a table can be. */
export const roles = ['parameters', 'tokens', 'flops', 'loss', 'run', 'step'] as const
export type Role = (typeof roles)[number]

/** The choice as --columns takes it; the last column that was chosen for a role has it. */
export function columnsText(chosen: Readonly<Record<string, Role | ''>>): string {
  const of = new Map<Role, string>()
  for (const [name, role] of Object.entries(chosen)) if (role !== '') of.set(role, name)
  return [...of].map(([role, name]) => `${role}=${quotedName(name)}`).join(',')
}
