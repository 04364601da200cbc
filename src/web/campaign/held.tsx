import { batchText } from '../../report/campaign/configuration.ts'
import { significant } from '../../report/number.ts'
import { say } from '../words/words.ts'
import { view } from './state.ts'
import { pins } from './what-if.ts'

/** Steps of the slider in a power of ten, and how far it reaches beyond the rates that runs may have. */
const steps = 50
const reach = 10

const step = (rate: number): number => Math.round(steps * Math.log10(rate))

/** Settings of the run at the target that may be held at a value, whatever would be best. */
export function Held() {
  const { space, runs, estimate } = view.value!
  const { learningRate, batchSize } = pins.value
  const { least, most } = space.learningRate
  const best = estimate?.config.learningRate ?? most
  const rate = learningRate ?? best
  const hold = (value: number) => {
    pins.value = { ...pins.value, learningRate: value }
  }
  const free = (name: 'learningRate' | 'batchSize') => {
    const { [name]: _, ...rest } = pins.value
    pins.value = rest
  }
  const batches = [...new Set(runs.map(({ config }) => config.batchSize))].sort((a, b) => a - b)
  return (
    <>
      <label>
        <span>
          {say.rate} <strong>{significant(rate)}</strong>
        </span>
        <input
          type="range"
          aria-label={say.rate}
          min={Math.min(step(least / reach), step(rate))}
          max={Math.max(step(most * reach), step(rate))}
          value={step(rate)}
          aria-valuetext={significant(rate)}
          onInput={({ currentTarget }) => hold(Number((10 ** (Number(currentTarget.value) / steps)).toPrecision(3)))}
        />
      </label>
      <label class="hold">
        <input
          type="checkbox"
          aria-label={`${say.whatIfHold}: ${say.rate}`}
          checked={learningRate !== undefined}
          onChange={({ currentTarget: { checked } }) => (checked ? hold(rate) : free('learningRate'))}
        />
        {say.whatIfHold}
      </label>
      <label>
        <span>{say.batch}</span>
        <select
          value={batchSize ?? ''}
          onChange={({ currentTarget: { value } }) => {
            if (value === '') free('batchSize')
            else pins.value = { ...pins.value, batchSize: Number(value) }
          }}
        >
          <option value="">{say.whatIfBest}</option>
          {batches.map((size) => (
            <option key={size} value={size}>
              {batchText(space, size)}
            </option>
          ))}
        </select>
      </label>
    </>
  )
}
