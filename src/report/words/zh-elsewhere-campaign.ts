/** What is said of campaigns alone: English texts and the same in Chinese, with places as in zh-elsewhere.ts. Pages that show none leave this file out (scripts/web.js). */
export const campaignTexts: Readonly<Record<string, string>> = {
  // A campaign: why it stopped, why each run was bought
  'was there before': '事先已有',
  'stopped on request after a round': '应要求在一轮之后停止',
  'the budget is used up: {}': '预算已用完：{1}',
  '{} plans when all outcomes are told': '{1} 要等所有结果都告知之后才作计划',
  'there are runs to ask for': '还有可以启动的实验',
  'what the runs that are out tell decides what is planned next': '接下来的计划取决于尚未完成的实验的结果',
  'The rest of the opening, before what comes next is decided': '开局的其余实验（下一步尚未决定）',
  'Cheap runs, before what comes next is decided': '便宜的实验（下一步尚未决定）',
  'cheap, because what comes next is not decided yet': '便宜，因为下一步尚未决定',
  'A larger budget: a profile nearer to the target shortens the extrapolation.':
    '更大的预算：离目标更近的曲线能缩短外推。',
  '{} FLOPs are left: a run of {} at the best size would check the extrapolated loss.':
    '还剩 {1} FLOPs：在最优规模处做一个 {2} 的实验可以检验外推的 loss。',
  '{} parameters, {} of {} ({})': '{1} 个参数，为 {3}（{4*}）的 {2} 倍',
  '{} tokens for each parameter': '每参数 {1} 个 token',
  'C^{} from {} at {} FLOPs': '由 {3} FLOPs 处的 {2} 按 C^{1} 推得',
  'rate by the Step Law as published': '学习率取发表的 Step Law',
  'rate by the Step Law, {}': '学习率取 Step Law，{1*}',
  'best rate inside the sweep for {} of {} sizes': '{2} 个规模中有 {1} 个的最优学习率在扫描范围之内',
  'the sweep was best at its end, {}': '扫描在其端点 {1} 处最好',
  'size with embeddings': '规模包括嵌入',
  'size without embeddings': '规模不包括嵌入',
  'loss of {} nats or more': 'loss 不低于 {1} nats',
  'too few runs learned enough to tell a law': '学得足够的实验太少，无法确定定律',
  'no run that is left can be paid for': '剩余预算买不起任何实验',
  'all {} rounds are done': '全部 {1} 轮已经完成',
  'another round, {} runs for {} FLOPs, is expected to be worth only {} nats':
    '再来一轮（{1} 个实验，{2} FLOPs）预期只值 {3} nats',
  'worth {} nats at the target ({})': '在目标处值 {1} nats（{2}）',
  'checks the law at a high budget, at the best that may be asked there': '在高预算处以允许的最优配置检验定律',
  'rung {} of {}: {}': '爬升第 {1} 级（共 {2} 级）：{3*}',
  'the best size that is known': '已知的最优规模',
  '{} times the best size that is known': '已知最优规模的 {1} 倍',
  'Climb {} of {}: cheap runs hardly learn, so sizes are tried at a higher budget; {}':
    '爬升 {1}/{2}：便宜的实验几乎学不到东西，因此在更高预算处尝试各种规模；{3*}',
  'rate {} and batch {} sit at the corner of what may be asked and are pinned':
    '学习率 {1} 和批大小 {2} 位于允许范围的角上，予以固定',
  'at rate {} and batch {}': '学习率 {1}，批大小 {2}',
  'Opening: spread over sizes, shapes, rates and batches': '开局：均匀分布在各种规模、形状、学习率和批大小上',
  'Opening, the rest: cheap runs learn here, so there are more of them':
    '开局（其余）：便宜的实验在这里能学到东西，因此增加数量',
  'A further opening: the first runs had hardly begun to learn, so these are larger':
    '再次开局：最初的实验几乎没有开始学习，因此这些更大',
  'Round {} of {}: mostly for the {} and the {} at the target': '第 {1} 轮（共 {2} 轮）：主要为了目标处的{3*}和{4*}',
  loss: ' loss ',
  size: '规模',
  rate: '学习率',
  shape: '形状',
  batch: '批大小',
  'the sweep and its {} profiles are done': '扫描及其 {1} 条 IsoFLOP 曲线已经完成',
  'd × n / heads: d_model, layers and heads.': 'd × n / heads：d_model、层数和注意力头数。',
  'model: its name in the list of the space.': 'model：其在空间列表中的名称。',
  '{} of {} spread evenly over sizes, shapes, rates and batches (Latin hypercube)':
    '均匀分布在规模、形状、学习率和批大小上的第 {1} 个（共 {2} 个，拉丁超立方）',
  'rate {} of the sweep, {} parameters, batch {}': '扫描的学习率 {1}，{2} 个参数，批大小 {3}',
  'learning-rate sweep at {} FLOPs': '{1} FLOPs 处的学习率扫描',
  'IsoFLOP profile at {} FLOPs': '{1} FLOPs 处的 IsoFLOP 曲线',
  '{} FLOPs are left, fewer than {} runs of {} cost': '还剩 {1} FLOPs，少于 {2} 个 {3} 的实验的花费',

  // A campaign: what its answer rests on
  '{} % of the variance (sd {}) is {}': '方差的 {1} %（标准差 {2}）来自{3*}',
  "the law's coefficients: more runs of any kind narrow it": '定律的系数：任何更多的实验都能缩小它',
  'which form of the law holds: runs at other tokens per parameter and at higher budgets tell them apart':
    '定律取哪种形式：其他每参数 token 数和更高预算的实验可以区分',
  'whether the law bends beyond the largest budget: only runs at higher budgets tell':
    '定律在最大预算之外是否弯折：只有更高预算的实验才能说明',
  'a single run scatters about the expected loss by its noise (sd {}) in addition':
    '此外，单个实验还因自身噪声（标准差 {1}）散布在预期 loss 附近',
  '{} of {} runs are not in the fit: {}.': '{2} 个实验中有 {1} 个未参与拟合：{3*}。',
  '{} because their loss is {} nats or more, {} because they diverged': '{1} 个因 loss 不低于 {2} nats，{3} 个因发散',
  '{} because their loss is {} nats or more': '{1} 个因 loss 不低于 {2} nats',
  '{} because they diverged': '{1} 个因发散',
  'Such runs tell about the beginning of training; the law is about trained models.':
    '这些实验反映的是训练的开始；定律针对的是训练好的模型。',
  '{} of {} runs diverged.{}': '{2} 个实验中有 {1} 个发散。{3*}',
  ' None of more than {} parameters finished.': '超过 {1} 个参数的实验没有一个完成。',
  'Runs near those that diverged are no longer bought, but the prediction is of a model that trains: leave models and rates that diverge out of what may be asked.':
    '不再购买与发散实验相近的实验，但预测针对的是能训练的模型：请把会发散的模型和学习率排除在允许范围之外。',
  'The best model at the target is the {} that it may be, of {} parameters.':
    '目标处的最优模型是允许范围内{1*}的，有 {2} 个参数。',
  'A {} one may be better, and the interval of the best size ends there: widen the space, if you can train it.':
    '{1*}的模型可能更好，最优规模的区间止于此处：如果能训练，请扩大空间。',
  'laws of {} have {} % of the belief': '{1*}的定律占 {2} % 的可信度',
  'all runs': '全部实验',
  'those below {} nats': '低于 {1} nats 的实验',
  'Whether runs that learned little obey the law of the others is open: {}.':
    '学得很少的实验是否服从其余实验的定律尚无定论：{1*}。',
  'Prediction and intervals average over both; more runs that learned enough would tell.':
    '预测和区间对两者取平均；更多学得足够的实验可以说明。',
  'The best learning rate at the target is put at {}, and may be {}; no run may have more than {}.':
    '目标处的最优学习率估计为 {1}，也可能是 {2}；任何实验都不得超过 {3}。',
  'The best learning rate at the target is put at {}; no run may have more than {}.':
    '目标处的最优学习率估计为 {1}；任何实验都不得超过 {2}。',
  'The rate is extrapolated: it rests on the law of the best rate and its prior. Sweep it at the target if you can.':
    '该学习率是外推的：依据的是最优学习率的定律及其先验。如有可能，请在目标处扫描。',
  '{} of {} runs fell into the 95 % interval that was predicted before they were bought.':
    '{2} 个实验中有 {1} 个落入购买之前预测的 95 % 区间。',
  'Far fewer than 95 % would say that the law does not hold where the campaign went.':
    '如果远少于 95 %，说明定律在本次规划所到之处不成立。',
  'No form of the law has half of the belief; the first, "{}", has {} %.':
    '没有哪种形式的定律占到一半可信度；第一种“{1*}”占 {2} %。',
  'Prediction and intervals average over all of them.': '预测和区间对所有形式取平均。',
  '{} of {} runs lie more than {} standard deviations from the law.':
    '{2} 个实验中有 {1} 个偏离定律超过 {3} 个标准差。',
  'They count for little in the fit. Look at them: a crashed or mistyped run looks like this.':
    '它们在拟合中权重很小。请检查：崩溃或写错的实验就是这样。',

  // A choice from a list
  "Fewer than half of the pool's runs say their {}, so it is left out.": '列表中不到一半的实验给出{1*}，因此略去。',
  'Fill it in where it is known, to have it in the law.': '请在已知处填写，使其进入定律。',
  '{} rows are earlier checkpoints of a run, whose last one stands for it.':
    '{1} 行是某个实验较早的 checkpoint，由最后一个代表该实验。',
  'Give every run a name of its own if they are runs.': '如果它们本身是实验，请给每个实验单独命名。',
  "{} of {} runs to predict do not say their {}: the law's best is meant.":
    '{2} 个待预测的实验中有 {1} 个没有给出{3*}：取定律的最优值。',
  'Give them a {} to have it predicted.': '请给出{1*}，以便预测。',
  'The runs to predict have a {}, and no two runs of the pool differ in it: what it does is not predicted.':
    '待预测的实验有{1*}，而列表中的实验在这一点上没有差别：其作用没有预测。',
  'Add runs at other values to the pool.': '请在列表中增加取其他值的实验。',
  'Runs to predict see their data more than once, and no run of the pool does: repeats are counted as fresh tokens.':
    '待预测的实验重复使用数据，而列表中没有这样的实验：重复的按新 token 计。',
  'Add runs on repeated data to the pool.': '请在列表中增加重复使用数据的实验。',
  'The prediction stands on what is believed beforehand: {}.': '预测建立在事先的信念之上：{1*}。',
  'Spend more, or add runs of other sizes and lengths to the pool.': '请增加花费，或在列表中增加其他规模和长度的实验。',
  'The target is {} times beyond the largest run of the pool.': '目标超出列表中最大实验 {1} 倍。',
  'Believe the interval less the farther the target is; add larger runs to the pool.':
    '目标越远，区间越不可信；请在列表中增加更大的实验。',
  'spreads over the settings of the cheap runs': '均匀分布在便宜实验的各种设置上',
  'lowers the variance at the target by {} %, most for its cost': '使目标处的方差降低 {1} %，按成本计最多',

  // How the strategies plan and fit
  'The first round spreads cheap runs evenly over sizes, shapes, learning rates and batches. {}':
    '第一轮把便宜的实验均匀分布在各种规模、形状、学习率和批大小上。如果便宜的实验几乎学不到东西，就在更高预算处用三个实验检验其定律是否成立；若不成立，再用五个更大的实验由此爬升，并在最优学习率和批大小位于允许范围的角上时予以固定。此后每轮之前重新拟合定律，从大量随机候选中购买每 FLOP 最能降低目标处选错的代价和 loss 方差的实验。另有一个高预算的实验用于检验定律：爬升的最后一个，或最后一轮中的一个。',
  'One law describes all runs that learned enough together. {}':
    '用一条定律同时描述所有学得足够的实验。一个实验的 loss 等于任何模型和数据都无法消除的部分 (E)，加上随规模 N 的 alpha 次幂下降的一项，再加上随 token 数 D 的 beta 次幂下降的一项。学习率、批大小或形状偏离最优，相当于 token 或参数变少，因此未调参的实验得到校正而不是被丢弃。拟合了若干种形式和计入嵌入参数的方式；每种的可信度取决于它使这些实验出现的可能性，预测和区间对它们取平均。实验不能确定的系数以已发表的定律作弱先验；必须略去早期实验时，改用分阶段学习的模拟世界作先验，且权重更大。方程见 docs/math.md 的 "The joint law"。',
  'The lowest run of each profile gives its best size and loss; laws through these reach the target.':
    '每条曲线最低的实验给出其最优规模和 loss；由此拟合定律，外推到目标。',
  'A parabola in ln N through each profile gives its best size and loss; laws through these reach the target.':
    '对每条曲线在 ln N 上拟合抛物线，给出其最优规模和 loss；由此拟合定律，外推到目标。',
  'One loss surface, E + A / N^alpha + B / D^beta, through the runs of the largest profiles gives the best size and its loss.':
    '用最大几条曲线的实验拟合一个损失曲面 E + A / N^alpha + B / D^beta，给出最优规模及其 loss。',
  '{} The best learning rate follows the Step Law, 1.79 N^-0.713 D^0.307 (Li et al. 2025), scaled to the sweep. The equations are in docs/math.md.':
    '{1*}最优学习率按 Step Law，1.79 N^-0.713 D^0.307 (Li et al. 2025)，按扫描结果缩放。方程见 docs/math.md。',
  'A sweep of the learning rate over a few sizes and both batches comes first, then IsoFLOP profiles at growing budgets: {}':
    '首先在几个规模和两种批大小上扫描学习率，然后在逐渐增大的预算处做 IsoFLOP 曲线：围绕上一条曲线给出的规模取若干个规模，每个都用扫描给出的学习率。',
}
