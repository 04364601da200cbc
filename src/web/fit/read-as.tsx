import type { ComponentChildren } from 'preact'
import { lossUnits } from '../../input/loss-unit.ts'
import { columnBlocks } from '../../report/fit/reading.ts'
import { Blocks } from '../parts/blocks.tsx'
import { say } from '../words/words.ts'
import { Field } from './field.tsx'
import { Check } from './laws.tsx'
import { readWith } from './reading.ts'
import { data, flags, isMapping, table } from './state.ts'

/** How the files were read, and how else they may be: what the command has as options. Open where they were not understood. */
export function ReadAs() {
  const shown = data.value
  const { groupBy: _, ...ways } = flags.value
  const isChanged = Object.entries(ways).some(([name, value]) => name !== 'checkpoints' || value !== 'last')
  return (
    <details class="reading" open={table.value?.kind === 'fault'}>
      <summary>{shown === null ? say.fit.readOtherwise : say.fit.howRead(shown.runs.loss.length, shown.read)}</summary>
      {shown !== null && (
        <div class="prose">
          <Blocks blocks={columnBlocks(shown.columns)} />
        </div>
      )}
      <div class="fields">
        <Choose
          label={say.fit.lossUnit}
          value={flags.value.lossUnit ?? ''}
          onTake={(lossUnit) => void readWith({ lossUnit })}
        >
          <option value="">{say.fit.asNamed}</option>
          {Object.keys(lossUnits).map((unit) => (
            <option key={unit} value={unit}>
              {unit}
            </option>
          ))}
        </Choose>
        <Choose
          label={say.fit.checkpoints}
          value={flags.value.checkpoints ?? 'last'}
          onTake={(checkpoints) => void readWith({ checkpoints })}
        >
          <option value="last">{say.fit.lastOnly}</option>
          <option value="as-runs">{say.fit.asRuns}</option>
        </Choose>
        <Field
          label={say.fit.records}
          text={flags.value.records ?? ''}
          placeholder="runs.*"
          wrong=""
          parse={(text) => text}
          onTake={(records) => void readWith({ records })}
        />
        <Conditions />
      </div>
      <Check
        label={say.fit.best}
        isOn={flags.value.best === true}
        whyNot=""
        onTurn={(best) => void readWith({ best })}
      />
      <Check
        label={say.fit.keepState}
        isOn={flags.value.keepState === true}
        whyNot=""
        onTurn={(keepState) => void readWith({ keepState })}
      />
      <div class="controls">
        {shown !== null && table.value?.preview && (
          <button
            type="button"
            onClick={() => {
              isMapping.value = true
            }}
          >
            {say.fit.chooseColumns}
          </button>
        )}
        {isChanged && (
          <button type="button" onClick={() => void readWith(nothingSaid)}>
            {say.fit.readUsual}
          </button>
        )}
      </div>
    </details>
  )
}

const nothingSaid = {
  ...{ columns: undefined, lossUnit: undefined, records: undefined, checkpoints: 'last' },
  ...{ best: undefined, keepState: undefined, where: undefined },
}

interface ChooseProps {
  readonly label: string
  readonly value: string
  readonly onTake: (value: string) => void
  readonly children: ComponentChildren
}

const Choose = ({ label, value, onTake, children }: ChooseProps) => (
  <label class="field">
    {label}
    <select value={value} onChange={(event) => onTake(event.currentTarget.value)}>
      {children}
    </select>
  </label>
)

/** Only the rows with these values. */
function Conditions() {
  const { where = [] } = flags.value
  const set = (next: typeof where) => void readWith({ where: next.length > 0 ? next : undefined })
  return (
    <div class="conditions">
      <Field
        key={where.length}
        label={say.fit.where}
        text=""
        placeholder="dataset=c4"
        wrong={say.fit.noCondition}
        parse={conditionOf}
        onTake={(condition) => condition && set([...where, condition])}
      />
      {where.length > 0 && (
        <ul class="chips">
          {where.map(({ column, value }) => (
            <li key={`${column}=${value}`} class="file">
              {column}={value}
              <button
                type="button"
                class="quiet"
                aria-label={say.fit.remove(`${column}=${value}`)}
                onClick={() => set(where.filter((one) => one.column !== column || one.value !== value))}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

function conditionOf(text: string): { column: string; value: string } | null | undefined {
  if (text === '') return null
  const equals = text.indexOf('=')
  return equals > 0 ? { column: text.slice(0, equals).trim(), value: text.slice(equals + 1).trim() } : undefined
}
