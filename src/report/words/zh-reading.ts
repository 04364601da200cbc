/** What is said of tables, spaces and worlds: English texts and the same in Chinese, with places as in zh-elsewhere.ts. */
export const readingTexts: Readonly<Record<string, string>> = {
  // Why a column was taken, and what was done to its numbers
  'as told': '按指定',
  'by its name': '按列名',
  'by its name and content': '按列名和内容',
  'by its name, and because C is 6ND with it': '按列名，且与之相符的 C 等于 6ND',
  'the larger count beside the active one': '激活参数旁边较大的计数',
  'usable in {} of {} rows': '{2} 行中有 {1} 行可用',
  'times {}': '乘以 {1}',
  'in {}': '单位 {1}',
  'as powers of {}': '作为 {1} 的幂',
  'by its logarithm to base 2, in bits/byte': '取以 2 为底的对数，单位 bits/byte',
  'by its logarithm': '取对数',

  // Notes on how a table was read
  'columns: {}': '列：{1,}',
  '{}: took {} and left {}; --columns chooses another': '{1}：取 {2}，未取 {3}；可用 --columns 另选',
  'parameters: a mixture of experts: N are the active parameters, of which C = 6ND is made{}':
    'parameters：混合专家模型：N 是激活参数，C = 6ND 按它计算{1*}',
  '; the total of "{}" is kept beside them': '；另外保留 "{1}" 中的总数',
  'run: "{}" names no single run, all rows have the same: each row is a run':
    'run："{1}" 不区分实验，所有行都相同：每一行是一个实验',
  'run: "{}" names no single run, its rows differ in N: each row is a run':
    'run："{1}" 不对应单个实验，其各行的 N 不同：每一行是一个实验',
  'records: line {} names the columns': 'records：第 {1} 行给出列名',
  'records: row {} of the sheet names the columns': 'records：工作表第 {1} 行给出列名',
  'records: the rows are those of the sheet "{}"': 'records：取工作表 "{1}" 的各行',
  'records: {}': 'records：{1,}',
  'the rows are those of "{}"': '取 "{1}" 中的各行',
  'each list is a column': '每个列表是一列',
  'each object is a column': '每个对象是一列',
  'parameters: N = 12 n d^2 of "{}" n and "{}" d; the embedding is not counted':
    'parameters：N = 12 n d^2，n 取自 "{1}"，d 取自 "{2}"；不计嵌入',
  '{}: derived, {}': '{1}：由 {2*} 得出',
  '{} in {} rows where "{}" is empty': '{1}，用于 "{3}" 为空的 {2} 行',
  'step: "{}" is not a number in {} rows, ordered by tokens alone': 'step："{1}" 在 {2} 行中不是数，只按 token 数排序',
  'loss: "{}" is a list in {} records that have no list of tokens or steps: its last number is the run\'s loss':
    'loss："{1}" 在 {2} 条记录中是列表，却没有 token 数或步数的列表：取其最后一个数作为实验的 loss',
  '{} rows are not of what was asked for (--where)': '{1} 行不属于所要求的范围（--where）',
  'step: "{}" was not used, because no column names the training run of a row':
    'step：没有使用 "{1}"，因为没有列说明一行属于哪个实验',
  'checkpoints: {} rows {}, so they are taken for earlier checkpoints of its run':
    'checkpoints：{1} 行{2*}，因此当作同一实验较早的 checkpoint',
  'have the {} and N of a later row': '的 {1} 和 N 与后面的行相同',
  'come before the last of a list': '位于列表最后一项之前',
  'flops: C is not 6ND within 1 % in {} of {} runs, there C / 6ND has the median {}; all three are used as given, and predictions keep the ratio that the largest runs have':
    'flops：{2} 个实验中有 {1} 个的 C 与 6ND 相差超过 1 %，其 C / 6ND 的中位数为 {3}；三者都按给定值使用，预测保持最大实验的比值',
  'text: converted from {}, which its mark says it is': 'text：按其标记从 {1} 转换',
  'text: {} lines have characters that are not UTF-8 (probably {}), the first in line {}; each was replaced by {}':
    'text：{1} 行含有非 UTF-8 的字符（可能是 {2}），首次出现在第 {3} 行；每个都替换为 {4}',

  // Why a row is left out
  '{} {} is not a number': '{1} {2} 不是数',
  '{} is {}, expected a finite positive number': '{1} 为 {2}，应为有限的正数',
  '{} is missing{}': '缺少 {1}{2}',
  '{} are missing': '缺少 {1}',
  '{} is {}, expected a finite number': '{1} 为 {2}，应为有限的数',
  '{} is "{}"': '{1} 为 "{2}"',
  '{} is {}: the row sums up others': '{1} 为 {2}：该行是其他行的汇总',
  '{} {} is written otherwise than the other cells, which are {}': '{1} {2} 的写法与其他单元格（{3}）不同',
  'lists {} values, another column {}': '列出 {1} 个值，另一列有 {2} 个',
  'duplicate of row {}': '与第 {1} 行重复',
  'row {} has the same N and D and a loss at most as high': '第 {1} 行的 N 和 D 相同，loss 不高于它',
  'step {} of a run whose tokens are known only at its last step, in row {}':
    '某实验的第 {1} 步，其 token 数只在最后一步（第 {2} 行）已知',
  'the run stops here, at step {} of {}, before its schedule ends': '实验在第 {1} 步（共 {2} 步）停止，早于调度结束',
  'has no {}, which the other runs have': '没有其他实验所具有的 {1}',
  '{} is {}, expected a positive number': '{1} 为 {2}，应为正数',
  'has {} field{}, expected {} as in the header': '有 {1} 个字段，应与表头一样有 {3} 个{2*}',
  s: '',

  // Cautions about a space
  'The first {} runs of the adaptive planner cost at least {} % of the budget: add cheaper runs to train_flops, or raise the budget.':
    '自适应规划的前 {1} 个实验至少要花预算的 {2} %：请在 train_flops 中增加更便宜的实验，或提高预算。',
  'At {} up to {} FLOPs a usual model takes fewer than {} steps: add a smaller batch.':
    '在不超过 {2} FLOPs 的{1*}，常用模型的步数少于 {3}：请增加更小的批大小。',
  'The target is {} times the largest run: the interval will be wide.': '目标是最大实验的 {1} 倍：区间会很宽。',
  'At {} up to {} FLOPs even the smallest model has fewer than {} tokens for each parameter, and hardly learns: add smaller models, or leave these budgets out.':
    '在不超过 {2} FLOPs 的{1*}，即使最小的模型每参数也不到 {3} 个 token，几乎学不到东西：请增加更小的模型，或去掉这些预算。',
  'At {} from {} FLOPs on even the largest model has more than {} tokens for each parameter: add larger models, or leave these budgets out.':
    '从 {2} FLOPs 起的{1*}，即使最大的模型每参数也超过 {3} 个 token：请增加更大的模型，或去掉这些预算。',
  'At the target even the largest model has more than {} tokens for each parameter: a larger one would reach a lower loss.':
    '在目标处即使最大的模型每参数也超过 {1} 个 token：更大的模型会达到更低的 loss。',
  'At the target even the smallest model has fewer than {} tokens for each parameter: a smaller one would reach a lower loss.':
    '在目标处即使最小的模型每参数也不到 {1} 个 token：更小的模型会达到更低的 loss。',
  'all too large': '都太大',
  'all too small': '都太小',

  // Worlds
  'the training API of CS336 assignment 3, fitted to its published answers':
    'CS336 作业 3 的训练 API，由其公开的回答拟合而成',
  'the law of the CS336 handout: size and tokens alone, noise-free': 'CS336 讲义中的定律：只有规模和 token 数，无噪声',
  "Chinchilla's published surface with Step Law's best rate and batch":
    'Chinchilla 发表的损失曲面，加上 Step Law 的最优学习率和批大小',
  "Chinchilla's published surface, with Step Law's best rate and batch":
    'Chinchilla 发表的损失曲面，加上 Step Law 的最优学习率和批大小',
  'drawn from a prior over laws of {} forms, N any whole number': '从 {1} 种形式的定律的先验中随机生成，N 为任意整数',
  'learns in stages as cs336 does, with coefficients drawn about its own, N any whole number':
    '与 cs336 一样分阶段学习，系数在其附近随机生成，N 为任意整数',
  'learns in stages as cs336 does, with coefficients drawn with seed {}':
    '与 cs336 一样分阶段学习，系数由种子 {1} 随机生成',
  'drawn from the prior over worlds with seed {}: a law of the form {}':
    '由种子 {1} 从世界的先验中随机生成：形式为 {2} 的定律',
  'three stages of learning in schedule time, above what the size can reach (docs/math.md)':
    '按调度时间分三个学习阶段，叠加在规模所能达到的 loss 之上 (docs/math.md)',
  'N = 12 n d^2, D = C / 6N; rate and batch do nothing': 'N = 12 n d^2，D = C / 6N；学习率和批大小没有作用',
  'grows with training and compute: {} nats in a model that learned nothing, {} at 1e18 FLOPs':
    '随训练和算力增长：在什么都没学到的模型中为 {1} nats，在 1e18 FLOPs 处为 {2}',
  '{}, the power of t changing at a break (Caballero et al. 2023)': '{1}，t 的幂在转折处改变 (Caballero et al. 2023)',
  '{}, the sum falling by another power of n t beyond a break': '{1}，在转折之后总和按 n t 的另一幂下降',
  '{} (Kaplan et al. 2020, with a plateau)': '{1}（Kaplan et al. 2020，加上不可约 loss）',
  'the embedding counts in the FLOPs, so that it costs tokens': '嵌入计入 FLOPs，因此占用 token',
  'the embedding counts in the FLOPs and in the size': '嵌入计入 FLOPs 和规模',
  'best rate {}, {} about it (curvature {} in ln tokens)': '最优学习率 {1}，在其附近为{2*}（以 ln token 计的曲率 {3}）',
  quadratic: '二次形',
  root: '两侧渐成直线的碗形',
  asymmetric: '不对称的碗形',
  'batch: wasteful beyond {} tokens': '批大小：超过 {1} 个 token 即为浪费',
  'best batch {} tokens': '最优批大小 {1} 个 token',
  'best width per layer {} (penalty {} in ln size)': '每层的最优宽度 {1}（以 ln 规模计的惩罚 {2}）',
  'no slow start': '没有缓慢的起步',
  'slow start: over after some {} steps': '缓慢的起步：约 {1} 步后结束',
  none: '无',
}

/** Items of a list `{1,}`, which are nothing by themselves. */
export const itemTexts: Readonly<Record<string, string>> = {
  '{} from {} times {}': '{1} 取自 {2}（乘以 {3}）',
  '{} from {} as powers of {}': '{1} 取自 {2}（作为 {3} 的幂）',
  '{} from {} by its logarithm to base 2': '{1} 取自 {2}（取以 2 为底的对数）',
  '{} from {} by its logarithm': '{1} 取自 {2}（取对数）',
  '{} from {} in {}': '{1} 取自 {2}（单位 {3}）',
  '{} from {}': '{1} 取自 {2}',
  'in bits/byte': '单位 bits/byte',
  'written like {}': '写法如 {1}',
}
