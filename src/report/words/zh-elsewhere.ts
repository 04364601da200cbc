import { campaignTexts } from './zh-elsewhere-campaign.ts'
import { itemTexts, readingTexts } from './zh-reading.ts'

/**
 * Texts that other parts make in English, and the same in Chinese. `{}` stands for whatever comes there; `{1}` is the first of
 * those, and `{1*}` the first in Chinese, where it is known in turn; `{1,}` a list of such. A test finds every English text in the code, so that one
 * which is worded anew there is worded anew here.
 */
export const texts: Readonly<Record<string, string>> = {
  // Behind the numbers of a model
  ' layer': ' 层',
  ' layers': ' 层',
  ' head': ' 头',
  ' heads': ' 头',

  // What a run came to
  diverged: '发散',

  // Reasons of methods that give nothing
  'it needs at least three runs with several checkpoints each': '至少需要三个带多个 checkpoint 的实验',
  'the runs do not form IsoFLOP profiles of two or more budgets': '这些实验没有构成两个或更多预算的 IsoFLOP 曲线',
  '{} of {} refits by {} found no law': '{2} 次{3*}重新拟合中有 {1} 次没有找到定律',
  runs: '按实验',
  budgets: '按预算',
  '{} of {} compared budgets have their best curve at the smallest or largest size':
    '{2} 个参与比较的预算中有 {1} 个的最优曲线位于最小或最大规模',
  '{} runs, norm needs {}': '有 {1} 个实验，norm 需要 {2} 个',
  'fitted to {} of {} runs, every {}th': '只拟合 {2} 个实验中的 {1} 个，每 {3} 个取一个',
  'edge: its minimum is beyond its {} size': 'edge：最小值在{1*}规模之外',
  'too-few: {} sizes, a parabola needs {}': 'too-few：有 {1} 个规模，抛物线需要 {2} 个',
  'no surface with falling loss in N and in D fits the runs': '没有 loss 随 N 和 D 下降的曲面适合这些实验',
  '{} runs, a surface needs {}': '有 {1} 个实验，曲面需要 {2} 个',
  'Expected at least 3 runs, got {}.': '至少需要 3 个实验，只有 {1} 个。',
  'Add runs: a scaling law needs several sizes at several budgets.':
    '请增加实验：缩放定律需要若干预算，每个预算若干规模。',
  'Expected runs of at least two compute budgets, but all {} have C = {}.':
    '需要至少两个算力预算的实验，但全部 {1} 个的 C = {2}。',
  'Add runs at another budget: one profile shows a best size, not how it grows with compute.':
    '请增加另一个预算的实验：一条曲线只显示一个最优规模，不显示它如何随算力增长。',
  'Expected at least 3 runs, got {}': '至少需要 3 个实验，只有 {1} 个',
  'Expected runs of at least two compute budgets, but all {} have C = {}':
    '需要至少两个算力预算的实验，但全部 {1} 个的 C = {2}',
  '"{}" is empty there.': '那里的“{1}”为空。',
  '"{}" is empty there': '那里的“{1}”为空',
  '{} runs that lie near its law, a comparison needs {}': '靠近其定律的实验有 {1} 个，比较需要 {2} 个',
  'no budget has its best curve between the smallest and the largest model':
    '没有哪个预算的最优曲线位于最小和最大模型之间',
  'no start ended at a law with falling loss in N and in D': '没有一个起点收敛到 loss 随 N 和 D 下降的定律',
  'the lowest runs do not determine a power law': '各预算最低的实验不足以确定幂律',
  'kept, though its lowest run is at the end of the profile': '保留，但其最低的实验位于曲线端点',
  'fewer than two profiles have an interior minimum': '最小值在内部的曲线少于两条',
  'not-convex: its parabola does not open upward': 'not-convex：其抛物线不向上开口',

  '{} runs, it needs {}': '有 {1} 个实验，至少需要 {2} 个',
  'no law of this form comes near these runs': '这种形式的定律没有一条接近这些实验',

  // Where the runs do not determine a law
  'the runs {}, so the effects of N and of D cannot be told apart': '这些实验{1*}，因此无法区分 N 与 D 的作用',
  'the best N at the largest trained budget could be anything within a factor of {}':
    '最大训练预算处的最优 N 可能是 {1} 倍范围内的任何值',
  'at the largest compute the best N may be anything from {} to {}':
    '在最大算力处，最优 N 可能是 {1} 至 {2} 之间的任何值',
  'the fit stopped before it converged': '拟合在收敛之前停止',
  'all lie on the line {}': '都位于直线 {1} 上',
  'all have D = {} tokens': '的 D 都是 {1} 个 token',
  'all have N = {} parameters': '的 N 都是 {1} 个参数',
  'The run {} was cancelled.': '实验 {1} 已取消。',
  'the lowest measured loss is {}, the highest {}': '测得的最低 loss 为 {1*}，最高为 {2*}',
  'farther along the line, N = {} with D = {} ({} FLOPs) would reach {}':
    '沿这条直线再往前，N = {1}、D = {2}（{3} FLOPs）将达到 {4}',
  'Train {} sizes from N = {} to {} at {} FLOPs each ({} in all): if they come out as the law has them, the best N at the largest budget is known within a factor of {} instead of {}.':
    '请训练 {1} 个规模，N 从 {2} 到 {3}，每个 {4} FLOPs（共 {5}）：如果结果与定律一致，最大预算处的最优 N 将确定到 {6} 倍以内，而现在是 {7} 倍。',

  // Diagnostics of a fit
  'C is {} to {} times 6ND among the largest runs, so it counts more than N does, such as embeddings; predictions take {} times everywhere.':
    '在最大的实验中 C 是 6ND 的 {1} 到 {2} 倍，说明 C 计入了 N 之外的部分（例如 embedding）；预测一律取 {3} 倍。',
  "Give N as C counts it, or leave C out, so that it is 6ND: --columns 'flops=-'.":
    "请按 C 的口径给出 N，或不用 C 列，使 C 等于 6ND：--columns 'flops=-'。",
  '{} of {} runs share a budget with two other sizes: there are no IsoFLOP profiles.':
    '{2} 个实验中只有 {1} 个与另外两个规模共用预算：没有 IsoFLOP 曲线。',
  'norm does not need profiles; the methods by budget are left out.':
    'norm 不需要 IsoFLOP 曲线；按预算进行的方法已略去。',
  'Budgets within 1 % of each other were taken for one: {} FLOPs.': '相差不到 1 % 的预算被当作同一个：{1*} FLOPs。',
  'If they are meant to be different budgets, put more than 1 % between them.':
    '如果它们本来是不同的预算，请使其相差 1 % 以上。',
  '{} ended at alpha = {}, beta = {} without a clear minimum.': '{1} 止于 alpha = {2}，beta = {3}，没有明确的最小值。',
  'The runs do not determine this law; vary N and D more widely.': '这些实验不足以确定该定律；请让 N 和 D 变化得更大。',
  '{} runs repeat the N and D of another run; their losses differ by up to {}.':
    '{1} 个实验与另一实验的 N 和 D 相同；它们的 loss 最多相差 {2}。',
  'If they sweep a learning rate or another setting, fit the best of each with --best.':
    '如果它们扫描的是学习率或其他设置，请用 --best 只拟合每组的最优者。',
  'The runs {}: along one line the effects of N and of D cannot be told apart.':
    '这些实验{1*}：沿一条直线无法区分 N 与 D 的作用。',
  'Vary the tokens per parameter, for example 5 and 80 beside 20.':
    '请改变每参数 token 数，例如在 20 之外再取 5 和 80。',
  'No law is headlined: {}.': '没有给出主导定律：{1*}。',
  'Vary N and D more widely.': '请让 N 和 D 变化得更大。',
  'Fitted without its largest budgets, {} was {} there, by {} {} for each factor 10 of compute, {} times what its interval allows for.{}':
    '去掉最大的几个预算再拟合时，{1} 在那里{2*}，算力每增加 10 倍相差 {3} {4}，是其区间所容许的 {5} 倍。{6*}',
  ' At {} FLOPs expect the prediction to be {} by about {} {}: nearer to {} than to {}.':
    '{1} FLOPs 处的预测预计{2*}约 {3} {4}：更接近 {5} 而不是 {6}。',
  'too high': '偏高',
  'too low': '偏低',
  'The fit of the data-constrained law stopped before it converged.': '数据受限定律的拟合在收敛之前停止。',
  'The fit of the joint law stopped before it converged.': '联合定律的拟合在收敛之前停止。',
  'Look for rows that are no runs.': '请查找不是实验的行。',
  'Only a run at a larger budget tells whether this goes on; on public tables about a quarter of it does.':
    '只有更大预算的实验才能说明这种偏离是否持续；在公开数据表上大约四分之一会持续。',
  'Expect a 95 % interval to hold in about 85 % of such tables; ten runs or more, at two budgets or more, speak for themselves.':
    '在这样的数据表中，95 % 区间大约只有 85 % 成立；两个以上预算、十个以上实验才足以自己说话。',
  'With {} runs the law has as many coefficients as runs, or nearly: its prior decides with them, and its intervals are too narrow where runs scatter.':
    '只有 {1} 个实验，定律的系数几乎与实验一样多：先验也在起决定作用，实验有散布时其区间过窄。',
  '{} has no interval: {}.': '{1} 没有区间：{2*}。',
  'Its law hangs on single runs. Take the intervals of norm.': '其定律取决于个别实验。请采用 norm 的区间。',
  'With {} runs only norm and surface have intervals; not {}.':
    '实验有 {1} 个时只有 norm 和 surface 有区间；{2} 没有。',
  'Take the intervals of norm, or fit a sample of the runs.': '请采用 norm 的区间，或只拟合一部分实验。',
  '{} of {} runs lie more than {} standard deviations from the law that the others follow (they scatter by {}): {}.':
    '{2} 个实验中有 {1} 个偏离其余实验所服从的定律超过 {3} 个标准差（散布为 {4}）：{5*}。',
  '{} {} {} at N = {}, D = {}': '{1} {2}，{3*}，位于 N = {4}、D = {5}',
  'and {} more': '另有 {1} 个',
  above: '偏高',
  below: '偏低',
  'Look at these runs: a crash or a wrong number looks like this. norm and huber give them little weight, surface its full one.':
    '请检查这些实验：崩溃或写错的数字就是这样。norm 和 huber 只给它们很小的权重，surface 给全部权重。',
  'The plateau E could be anything from {} to {} ({}).': '不可约 loss E 可能是 {1} 至 {2} 之间的任何值（{3}）。',
  'Trust the best size more than the loss far beyond the data; larger budgets narrow E.':
    '远超数据范围时，最优规模比 loss 更可信；更大的预算能缩小 E 的范围。',
  'Fewer than four sizes at {} FLOPs: no parabola is drawn there.': '{1*} FLOPs 处的规模少于四个：那里不画抛物线。',
  'Train at least five sizes at a budget, on both sides of the best one.':
    '请在一个预算下至少训练五个规模，分布在最优规模两侧。',
  // Numbers in a row, where there are very many
  '{} … {} ({} in all)': '{1} … {2}（共 {3} 个）',
  'At {} FLOPs the best size lies beyond the {} trained one.': '{1*} FLOPs 处的最优规模在训练过的{2*}规模之外。',
  'Add {} models there: beyond N = {}.': '请在那里增加{1*}的模型：越过 N = {2*}。',
  smallest: '最小',
  largest: '最大',
  smaller: '更小',
  larger: '更大',
  'The losses at {} FLOPs do not bend upward, so they show no minimum.':
    '{1*} FLOPs 处的 loss 不向上弯，因此没有最小值。',
  'Widen the range of sizes there, or look for a run that went wrong.': '请扩大那里的规模范围，或查找出错的实验。',
  'At {} FLOPs fewer than two sizes lie on one side of the minimum.': '{1*} FLOPs 处最小值一侧的规模少于两个。',
  'Add sizes on the thin side: the minimum leans on a single run there.':
    '请在较稀的一侧增加规模：那里的最小值只靠一个实验。',
  'The runs of a budget deviate from the law together, by {}, more than their scatter explains (p = {}).':
    '同一预算的实验一起偏离定律，幅度为 {1}，超过其散布所能解释的程度（p = {2}）。',
  'The law misses something that the runs of a budget share (a schedule, a data mix, a learning rate). The intervals allow for it.':
    '定律缺少同一预算的实验所共有的因素（学习率调度、数据配比、学习率）。区间已计入这一点。',
  'The target {} FLOPs is {} times the largest budget.': '目标 {1} FLOPs 是最大训练预算的 {2} 倍。',
  'Treat the interval as a lower bound on what can go wrong: it supposes that the law goes on.':
    '请把区间看作可能误差的下限：它假定定律继续成立。',
  'At {} FLOPs {} says N = {} and {} N = {}, {} times as much{}.':
    '{1} FLOPs 处 {2} 给出 N = {3}，{4} 给出 N = {5}，相差 {6} 倍{7*}。',
  '; the worst choice costs {} by the law that leads': '；按主导定律，最差的选择代价为 {1}',
  'Prefer norm: surface and huber tie the valley to the frontier, and parabolas lean where a profile is wide or off-centre.':
    '请优先采用 norm：surface 和 huber 把谷底与前沿绑在一起，曲线过宽或不居中时抛物线会偏斜。',
  'At {} FLOPs any N from {} to {} costs less than 0.1 % in loss.':
    '{1} FLOPs 处，N 取 {2} 至 {3} 之间的任何值，loss 的代价都不到 0.1 %。',
  'Within it choose by what else matters: smaller models are cheaper to serve.':
    '在此范围内可按其他因素选择：较小的模型部署成本更低。',
  "{} of {} runs count for less than a thousandth of a run at the valley's floor at the largest compute: {}.":
    '{2} 个实验中有 {1} 个的权重不到最大算力下谷底实验的千分之一：{3*}。',
  '{} have less than a thousandth of the largest compute': '{1} 个的算力不到最大算力的千分之一',
  '{} lie too far from the best loss at their compute (early training, or far from the best size)':
    '{1} 个与其算力下的最优 loss 相差太远（训练初期，或远离最优规模）',
  'The law is about large compute near the best size; runs near it, at the largest budgets, narrow its interval most.':
    '定律针对的是最优规模附近的大算力；最大预算下、最优规模附近的实验最能缩小其区间。',
  'If a column was taken for the wrong quantity, name it with --columns.':
    '如果某一列被当成了错误的量，请用 --columns 指明。',
  'regenerated from their known law, noise-free; tokens D from C = 6ND':
    '由已知定律重新生成，无噪声；token 数 D 由 C = 6ND 得出',
  '{} of {} rows are in no fit, the first being {} row {}: {}.':
    '{2} 行中有 {1} 行未参与拟合，第一个是 {3} 第 {4} 行：{5*}。',
  'The report and --json list every one.': '报告和 --json 列出了每一行。',
  '{} rows are earlier checkpoints of a run; only envelope uses them.':
    '{1} 行是某个实验较早的 checkpoint；只有 envelope 使用它们。',
  'Before its learning rate has decayed a run is above what its N and D can reach.':
    '学习率尚未衰减时，实验的 loss 高于其 N 和 D 所能达到的水平。',
  'Several data sets were fitted as one: at equal N and D the losses of the values of "{}" ({}) differ by up to a factor of {}.':
    '多个数据集被当作一个拟合：N 和 D 相同时，“{1}”的各个值（{2}）的 loss 最多相差 {3} 倍。',
  "Fit each by itself with --group-by '{}', or one of them with --where '{}'.":
    "请用 --group-by '{1}' 分别拟合，或用 --where '{2}' 只拟合其中一个。",
  '{} and the same {}': '{1*}和{2*}',
  'learning rates and batches': '学习率和批大小',
  'learning rates': '学习率',
  batches: '批大小',
  'learning rate': '学习率',
  'The runs differ in {}, which the methods by N and D take for scatter.':
    '各实验的{1*}不同，按 N 和 D 的方法会把它当作散布。',
  '--method joint fits them too and names the best ones as formulas.':
    '--method joint 会一并拟合，并以公式给出最优值。',
  '{} of {} runs saw their data more than once; the methods by N and D count repeats as fresh tokens.':
    '{2} 个实验中有 {1} 个的数据重复使用；按 N 和 D 的方法把重复当作新 token。',
  '--repeats fits what they are worth (--method joint, together with rates and batches).':
    '--repeats 拟合重复数据的价值（--method joint 连同学习率和批大小一起拟合）。',
  'Up to {} epochs the runs {}.': '在不超过 {1} 个 epoch 的范围内，这些实验{2*}。',
  '{}; the best run of {} has more and is not told': '{1*}；{2*}的最优训练超出这一范围，因此没有给出',
  'one budget': '一个预算',
  '{} budgets': '{1} 个预算',
  'do not tell where repeats stop to teach: R* is at least {}, and may be without end':
    '不能说明重复何时不再有用：R* 至少为 {1}，也可能没有上限',
  'allow that repeats teach nothing: R* is at most {}': '不能排除重复毫无作用：R* 至多为 {1}',
  'do not tell what repeats are worth': '不能说明重复值多少',
  'Train the sizes of the table with their unique tokens seen {} times.':
    '请把表中各规模的不重复 token 分别使用 {1} 次来训练。',
  'Runs of many epochs rise above the law, the more the larger the model, by up to {}: so many repeats harm, which it has no term for.':
    '多个 epoch 的实验高于定律，模型越大高得越多，最多 {1}：重复过多有害，而定律没有这一项。',
  'Do not plan for so many epochs; --method joint has a term for memorizing.':
    '请不要计划这么多 epoch；--method joint 有针对记忆的项。',
  'Of so many runs the data-constrained law is fitted to one in {}.': '实验太多，数据受限定律只拟合其中的 1/{1}。',
  'Of so many runs the joint law is fitted to one in {}.': '实验太多，联合定律只拟合其中的 1/{1}。',
  'If other runs matter more, fit a file of those.': '如果其他实验更重要，请只拟合它们的文件。',
  'At the largest compute the best {}, {}, is at or beyond the {} that was tried there, {}.':
    '在最大算力处，最优的{1*}为 {2}，达到或超出了那里试过的{3*}值 {4}。',
  highest: '最高',
  lowest: '最低',
  "Try {} ones there: beyond the end the formula is the law's, not the runs'.":
    '请在那里尝试{1*}的值：超出端点时公式来自定律，而非实验。',
  higher: '更高',
  lower: '更低',
  'All runs have the same {}: nothing can be said of a better one.': '所有实验的{1*}都相同：无法判断是否有更好的值。',
  'Train some runs with a third and with three times of it.': '请用其三分之一和三倍各训练一些实验。',
  '{} runs lack a learning rate or a batch that the others have; the joint law leaves them out.':
    '{1} 个实验缺少其他实验所具有的学习率或批大小；联合定律略去了它们。',
  'Fill in these cells, or leave out the column with --columns.': '请填上这些单元格，或用 --columns 略去该列。',
  '{} runs for a law of {} coefficients: the priors speak as loudly as the runs.':
    '{1} 个实验对应 {2} 个系数的定律：先验与实验的作用同样大。',
  'The intervals allow for it; add runs that differ in one setting at a time.':
    '区间已计入这一点；请增加每次只改变一个设置的实验。',

  // Forms of the joint law, and how the embedding is counted
  plain: '基本形式',
  slow: '学习较慢',
  staged: '分阶段学习',
  transient: '带初期过渡',
  helped: '带助力',
  'broken in tokens': '随 token 数弯折',
  'broken in compute': '随算力弯折',
  'the embedding counts nowhere': '嵌入不计入',
  'the embedding costs tokens': '嵌入占用 token',
  'the embedding costs tokens and counts as size': '嵌入占用 token 并计入规模',

  // What is said of campaigns
  ...campaignTexts,

  // Last, as some have little text of their own
  ...readingTexts,
}

interface Pattern {
  readonly english: RegExp
  readonly chinese: string
}

const patternsOf = (table: Readonly<Record<string, string>>): readonly Pattern[] =>
  Object.entries(table).map(([english, chinese]) => ({
    english: new RegExp(`^${english.split('{}').map(escaped).join('([^]*?)')}$`),
    chinese,
  }))

const patterns = patternsOf(texts)
const itemPatterns = [...patternsOf(itemTexts), ...patterns]

/** Between reasons and messages that were joined into one. */
const joint = '; '
/** Texts of more parts than this are no messages of ours. */
const mostParts = 60

/** A text in Chinese where it, or each of its parts, is known; as it is otherwise. */
export const elsewhere = (text: string): string => told(text) ?? text

/** Parts before the whole: a place of a pattern may hold anything, also what another message says behind it. */
function told(text: string): string | null {
  const parts = text.split(joint)
  return (parts.length > 1 && parts.length <= mostParts ? joined(parts) : null) ?? known(text, patterns) ?? named(text)
}

/** The first part, or the fewest that are one message together, then the others. */
function joined(parts: readonly string[]): string | null {
  for (let n = 1; n < parts.length; n++) {
    const head = parts.slice(0, n).join(joint)
    const first = known(head, patterns) ?? named(head)
    if (first === null) continue
    const rest = told(parts.slice(n).join(joint))
    if (rest !== null) return `${first}；${rest}`
  }
  return null
}

/** A message behind the name of what it is about, most often a file. */
function named(text: string): string | null {
  const at = text.indexOf(': ')
  const rest = at < 0 ? null : known(text.slice(at + 2), patterns)
  return rest === null ? null : `${text.slice(0, at)}：${rest}`
}

function known(text: string, among: readonly Pattern[]): string | null {
  for (const { english, chinese } of among) {
    const found = english.exec(text)
    if (found) return chinese.replace(/\{(\d+)([*,]?)\}/g, (_, k: string, how: string) => placed(found[Number(k)], how))
  }
  return null
}

/** What comes in a place: as it is, in Chinese, or a list of which each item is. */
function placed(text: string, how: string): string {
  if (how === '*') return elsewhere(text)
  if (how === '') return text
  return text
    .split(', ')
    .map((item) => known(item, itemPatterns) ?? item)
    .join('、')
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
