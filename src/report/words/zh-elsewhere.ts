/** Texts of other parts in English, and the same in Chinese: $1 is what the first group found. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/^was there before$/, '事先已有'],
  [/^diverged$/, '发散'],
  [/^loss of (\S+) nats or more$/, 'loss 不低于 $1 nats'],
  [/^too few runs learned enough to tell a law$/, '学得足够的实验太少，无法确定定律'],
  [/^no run that is left can be paid for$/, '剩余预算买不起任何实验'],
  [/^all (\S+) rounds are done$/, '全部 $1 轮已经完成'],
]

/** A text in Chinese where one of the patterns knows it; as it is otherwise. */
export function elsewhere(text: string): string {
  for (const [pattern, chinese] of patterns) if (pattern.test(text)) return text.replace(pattern, chinese)
  return text
}
