// The node agent as a program: wires pods, node and session to the API and the runtime.
import { existsSync, mkdirSync } from 'node:fs'
import { GrpcAgentClient } from '../client/agents.ts'
import { EventWriter } from '../client/events.ts'
import { GrpcClient } from '../client/grpc.ts'
import { type ClusterConfig, KubeconfigError, loadKubeconfig } from '../client/kubeconfig.ts'
import { recordLocalNode } from '../client/local-nodes.ts'
import { RuntimeClient } from '../client/runtime.ts'
import { childController, processSignal, sleep } from '../lib/abort.ts'
import { createLogger, type Logger } from '../lib/logger.ts'
import { type Config, FlagError, help, parseFlags } from './node/flags.ts'
import { hostResolvConf } from './node/host-resolver.ts'
import { nodeAddress, readMachine, readUsage } from './node/machine.ts'
import { allocatable, type NodeFacts } from './node/node-object.ts'
import { NodeNameTakenError, Registration } from './node/registration.ts'
import { type RuntimeFacts, runtimeFacts, runtimeImages } from './node/runtime-facts.ts'
import { runtimeTrouble } from './node/runtime-trouble.ts'
import { NodePods } from './pods/node-pods.ts'
import { StaticPods } from './pods/static/static-pods.ts'
import { keepLogsSmall } from './pods/steps/log-rotation.ts'
import { keepSession } from './session/session.ts'
import { MountError, mountMemory, unmountUnusedMemory } from './volumes/memory.ts'

/** How long a control plane that starts together with this agent may take to write its kubeconfig. */
const kubeconfigMs = 30_000

/**
 * Runs the agent until the signal aborts; pods go on without it.
 * @throws KubeconfigError, NodeNameTakenError, MountError
 */
export async function run(config: Config, signal: AbortSignal): Promise<void> {
  const log = createLogger('node-agent')
  using stop = childController(signal)
  const cluster = await clusterConfig(config, log, stop.signal)
  if (cluster === undefined) return
  for (const folder of [config.root, config.logs]) mkdirSync(folder, { recursive: true, mode: 0o755 })
  mountMemory(config.root)

  const client = new GrpcClient(cluster, 'kubelet')
  const agents = new GrpcAgentClient(cluster)
  using runtime = new RuntimeClient({ socketPath: config.runtimeSocket })
  const machine = readMachine()
  const addresses = config.nodeIps.length > 0 ? config.nodeIps : [nodeAddress()]
  let runtimeKnown: RuntimeFacts | undefined
  let podCidr = config.podCidr
  const facts = (): NodeFacts => ({
    name: config.nodeName,
    addresses,
    mostPods: config.maxPods,
    podCidr: config.podCidr,
    labels: config.labels,
    machine,
    runtime: runtimeKnown,
  })

  const tellPodCidr = async (): Promise<void> => {
    if (podCidr !== undefined) await runtime.updateRuntimeConfig({ runtimeConfig: { networkConfig: { podCidr } } })
  }
  const registration: Registration = new Registration({
    client,
    facts,
    root: config.root,
    trouble: () => runtimeTrouble(runtime),
    images: () => runtimeImages(runtime),
    onPodCidr: assigned => {
      if (assigned === podCidr) return
      podCidr = assigned
      tellPodCidr().then(
        () => registration.wake(),
        (error: unknown) => log.warn({ err: error, podCidr }, 'the runtime did not take the pod CIDR'),
      )
    },
    log,
  })
  const staticPods =
    config.staticPods === undefined
      ? undefined
      : new StaticPods({
          directory: config.staticPods,
          nodeName: config.nodeName,
          nodeUid: () => registration.uid,
          client,
          log,
        })
  const events = new EventWriter(client, { component: 'kubelet', host: config.nodeName }, stop.signal)
  const pods = new NodePods({
    client,
    runtime,
    events,
    settings: {
      nodeName: config.nodeName,
      root: config.root,
      logRoot: config.logs,
      cgroupRoot: config.cgroupRoot,
      seccompRoot: config.seccompRoot,
      hiddenPaths: machine.thermalPaths,
      dns: { servers: config.clusterDns, domain: config.clusterDomain },
      resolvConf: hostResolvConf,
      host: {
        memoryBytes: machine.memoryBytes,
        hugePageBytes: [...machine.hugePages.keys()],
        ...machine.cgroups,
      },
      podPidsLimit: config.podPidsLimit,
      hostIps: () => addresses,
      allocatable: () => allocatable(facts(), readUsage(config.root)),
    },
    node: registration,
    abilities: () => ({
      sysctls: config.sysctls,
      appArmorTrouble: machine.hasAppArmor
        ? 'the container runtime applies no AppArmor profiles'
        : 'AppArmor is not enabled on the host',
      strictGroups: runtimeKnown?.features.supplementalGroupsPolicy ?? false,
    }),
    log,
    staticPods,
    onRuntimeConnect: async () => {
      tellLocally(config, cluster, log)
      runtimeKnown = await runtimeFacts(runtime)
      await tellPodCidr()
    },
    onRuntimeHealth: () => registration.wake(),
  })

  log.info({ node: config.nodeName, api: cluster.address, runtime: config.runtimeSocket }, 'node agent started')
  const parts = [
    pods.run(stop.signal),
    registration.run(stop.signal),
    keepSession({ agents, node: config.nodeName, pods, runtime, log }, stop.signal),
    keepLogsSmall(() => pods.running(), runtime, log, stop.signal),
    ...(staticPods ? [staticPods.run(stop.signal)] : []),
  ]
  try {
    await Promise.all(parts)
  } finally {
    stop.abort()
    await Promise.allSettled(parts)
    client.close()
    agents.close()
    unmountUnusedMemory(config.root)
  }
}

/** Lets tools of this machine find the runtime of the cluster they mean. */
function tellLocally({ nodeName, runtimeSocket }: Config, { ca }: ClusterConfig, log: Logger): void {
  try {
    recordLocalNode({ nodeName, runtimeSocket }, ca)
  } catch (error) {
    log.warn({ err: error, runtimeSocket }, 'this node could not be put on record: tsctl image needs --runtime-socket')
  }
}

/** Undefined: the signal aborted first. */
async function clusterConfig(config: Config, log: Logger, signal: AbortSignal): Promise<ClusterConfig | undefined> {
  const deadline = Date.now() + kubeconfigMs
  const { kubeconfig } = config
  if (kubeconfig !== undefined && !existsSync(kubeconfig)) log.info({ kubeconfig }, 'waiting for the kubeconfig')
  while (kubeconfig !== undefined && !existsSync(kubeconfig) && Date.now() < deadline) {
    await sleep(50, signal)
    if (signal.aborted) return undefined
  }
  return loadKubeconfig(kubeconfig)
}

async function main(): Promise<void> {
  try {
    const config = parseFlags(process.argv.slice(2))
    if (config === undefined) process.stdout.write(help)
    else await run(config, processSignal())
  } catch (error) {
    const expected =
      error instanceof FlagError ||
      error instanceof KubeconfigError ||
      error instanceof NodeNameTakenError ||
      error instanceof MountError
    process.stderr.write(
      `node-agent: ${expected ? error.message : String(error instanceof Error ? error.stack : error)}\n`,
    )
    process.exitCode = 1
  }
}

await main()
