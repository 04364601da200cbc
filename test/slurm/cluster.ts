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

/** The nodes of a cluster, each a daemon of this machine; `usual` is where jobs go by default, the others are for tests that do something to their node. */
export const nodes = ['usual', 'drained', 'contested'] as const

/** Nodes on loopback, each with a partition of its name, that schedule at once; limits of time of jobs are minutes. In `urgent` jobs send others of `contested` back into the queue. */
const configuration = (dir: string, controller: number, ports: readonly number[]) => `ClusterName=isotest
SlurmctldHost=localhost
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${dir}/munge.sock
CredType=cred/munge
SlurmctldPort=${controller}
StateSaveLocation=${dir}/state
SlurmdSpoolDir=${dir}/spool-%n
SlurmctldPidFile=${dir}/slurmctld.pid
SlurmdPidFile=${dir}/slurmd-%n.pid
SlurmctldLogFile=${dir}/log/slurmctld.log
SlurmdLogFile=${dir}/log/slurmd-%n.log
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
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
${nodes
  .map((name, k) => `NodeName=${name} NodeHostname=localhost NodeAddr=127.0.0.1 Port=${ports[k]} CPUs=4 State=UNKNOWN`)
  .join('\n')}
PartitionName=usual Nodes=usual Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4 PreemptMode=OFF
PartitionName=drained Nodes=drained MaxTime=INFINITE State=UP PreemptMode=OFF
PartitionName=contested Nodes=contested MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=contested MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=1,bf_interval=1
`

/** A Slurm of the test's own: munge, a controller and nodes in a folder. */
export async function startSlurm() {
  const dir = mkdtempSync(join(tmpdir(), 'isoflop-slurm-'))
  for (const name of ['state', 'log']) mkdirSync(join(dir, name))
  const file = (name: string) => join(dir, name)
  writeFileSync(file('munge.key'), randomBytes(1024), { mode: 0o400 })
  writeFileSync(file('slurm.conf'), configuration(dir, await freePort(), await Promise.all(nodes.map(freePort))))
  const env = { ...process.env, SLURM_CONF: file('slurm.conf') }
  const munge = [
    'socket=munge.sock',
    'key-file=munge.key',
    'pid-file=munge.pid',
    'seed-file=munge.seed',
    'log-file=log/munge.log',
  ]
  execFileSync('munged', ['--force', ...munge.map((option) => `--${option.replace('=', `=${dir}/`)}`)])
  const daemon = (name: string, ...args: string[]) => {
    const child = spawn(name, ['-D', '-f', file('slurm.conf'), ...args], { env, stdio: 'ignore' })
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    return { child, ended }
  }
  const controllerOf = () => daemon('slurmctld')
  let controller = controllerOf()
  const daemons = nodes.map((name) => daemon('slurmd', '-N', name))
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const states = () => {
    try {
      return [...new Set(run('sinfo', '--noheader', '--Node', '--format=%T').trim().split('\n'))].join()
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
    /** The controller is there, and answers nobody. */
    async muteController(ms: number) {
      controller.child.kill('SIGSTOP')
      await sleep(ms)
      controller.child.kill('SIGCONT')
    },
    async stop() {
      for (const { child, ended } of [controller, ...daemons]) {
        child.kill('SIGKILL')
        await ended
      }
      process.kill(Number(readFileSync(file('munge.pid'), 'utf8')), 'SIGTERM')
      await sleep(200)
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
