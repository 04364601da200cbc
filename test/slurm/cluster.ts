import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const has = (command: string) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0

/** For node:test's `skip`: false where a Slurm can be started, else why not. */
export const noSlurm: false | string =
  process.getuid?.() !== 0
    ? 'Slurm is started by root alone'
    : !['munged', 'slurmctld', 'slurmd', 'sbatch'].every(has)
      ? 'Slurm is not on this machine: apt-get install --no-install-recommends slurm-wlm munge'
      : false

/** A port that nobody has. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** One node on loopback that schedules at once; limits of time and memory of jobs are minutes. */
const configuration = (dir: string, [controller, node]: readonly number[]) => `ClusterName=isotest
SlurmctldHost=localhost
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${dir}/munge.sock
CredType=cred/munge
SlurmctldPort=${controller}
SlurmdPort=${node}
StateSaveLocation=${dir}/state
SlurmdSpoolDir=${dir}/spool
SlurmctldPidFile=${dir}/slurmctld.pid
SlurmdPidFile=${dir}/slurmd.pid
SlurmctldLogFile=${dir}/log/slurmctld.log
SlurmdLogFile=${dir}/log/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MinJobAge=10
MessageTimeout=4
SlurmctldTimeout=30
SlurmdTimeout=30
InactiveLimit=0
KillWait=2
OverTimeLimit=0
SlurmdParameters=config_overrides
NodeName=localhost CPUs=4 State=UNKNOWN
PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=1,bf_interval=1
`

/** A Slurm of the test's own: munge, a controller and a node in a folder. */
export async function startSlurm() {
  const dir = mkdtempSync(join(tmpdir(), 'isoflop-slurm-'))
  for (const name of ['state', 'spool', 'log']) mkdirSync(join(dir, name))
  const file = (name: string) => join(dir, name)
  writeFileSync(file('munge.key'), randomBytes(1024), { mode: 0o400 })
  writeFileSync(file('slurm.conf'), configuration(dir, [await freePort(), await freePort()]))
  const env = { ...process.env, SLURM_CONF: file('slurm.conf') }
  const munge = [
    'socket=munge.sock',
    'key-file=munge.key',
    'pid-file=munge.pid',
    'seed-file=munge.seed',
    'log-file=log/munge.log',
  ]
  execFileSync('munged', ['--force', ...munge.map((option) => `--${option.replace('=', `=${dir}/`)}`)])
  const daemon = (name: string) => {
    const child = spawn(name, ['-D', '-f', file('slurm.conf')], { env, stdio: 'ignore' })
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    return { child, ended }
  }
  const controllerOf = () => daemon('slurmctld')
  let controller = controllerOf()
  const node = daemon('slurmd')
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const states = () => {
    try {
      return run('sinfo', '--noheader', '--format=%T').trim()
    } catch {
      return ''
    }
  }
  const ready = async () => {
    for (const end = Date.now() + 30_000; states() !== 'idle' && Date.now() < end; ) await sleep(100)
    if (states() !== 'idle') throw new Error(`${states()}: ${readFileSync(file('log/slurmctld.log'), 'utf8')}`)
  }
  await ready()
  return {
    env,
    run,
    /** Ends the controller by kill -9. */
    async killController() {
      controller.child.kill('SIGKILL')
      await controller.ended
    },
    startController() {
      controller = controllerOf()
    },
    async stop() {
      for (const { child, ended } of [controller, node]) {
        child.kill('SIGKILL')
        await ended
      }
      process.kill(Number(readFileSync(file('munge.pid'), 'utf8')), 'SIGTERM')
      await sleep(200)
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
