// Who may import whom. Everything that is not allowed here is forbidden.
const internal = '^(api|client|control-plane|deploy|lib|node-agent|proto|scheduler|test|tools|tsctl)/'
const tests = '\\.test\\.ts$|^test/'

/**
 * @param {string} name
 * @param {string} from
 * @param {string[]} to
 * @returns {import('dependency-cruiser').IForbiddenRuleType}
 */
const room = (name, from, to) => ({
  name,
  severity: 'error',
  from: { path: from, pathNot: tests },
  to: { path: internal, pathNot: [from, ...to] },
})

/**
 * @param {string} pkg
 * @param {string[]} owners
 * @returns {import('dependency-cruiser').IForbiddenRuleType}
 */
const owned = (pkg, owners) => ({
  name: `only-${pkg}-owners`,
  severity: 'error',
  from: { pathNot: [...owners, tests, '^tools/'] },
  to: { path: `^node_modules/${pkg}/` },
})

const gen = '^proto/(gen/|service\\.ts)'
const outside = ['^api/', '^lib/', '^client/', gen]

/** What stands flat in node-agent/pods/: one pod's worker, and all pods of a node. */
const pod = '^node-agent/pods/[^/]+\\.ts$'

/**
 * A room of node-agent/pods/; `to` names its siblings there.
 * @param {string} name
 * @param {string[]} to
 * @param {string[]} [beyond]
 */
const pods = (name, to, beyond = []) =>
  room(`pods-${name}`, `^node-agent/pods/${name}/`, [
    ...to.map(sibling => `^node-agent/pods/${sibling}/`),
    ...beyond,
    ...outside,
  ])

/** @type {import('dependency-cruiser').IConfiguration & {forbidden: object, options: object}} */
export default {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'nobody-imports-a-main', severity: 'error', from: { pathNot: '^tools/' }, to: { path: '/main\\.ts$' } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    room('api', '^api/', []),
    room('proto', '^proto/', []),
    room('lib', '^lib/', []),
    room('client', '^client/', ['^api/', '^lib/', gen]),
    room('store', '^control-plane/store/', ['^lib/']),
    room('registry', '^control-plane/registry/', ['^control-plane/store/', '^api/', '^lib/']),
    room('auth', '^control-plane/auth/', ['^api/', '^lib/']),
    room('server', '^control-plane/server/', [
      '^control-plane/registry/',
      '^control-plane/auth/',
      '^api/',
      '^lib/',
      gen,
    ]),
    room('controllers', '^control-plane/controllers/', ['^api/', '^lib/', '^client/']),
    room('control-plane', '^control-plane/[^/]+\\.ts$', ['^control-plane/', '^api/', '^lib/', '^client/', gen]),
    room('scheduler-framework', '^scheduler/(framework|plugins)/', ['^scheduler/(framework|plugins)/', '^api/']),
    room('scheduler', '^scheduler/', ['^api/', '^lib/', '^client/']),
    room('sys', '^node-agent/sys/', []),
    room('runtime', '^node-agent/runtime/', ['^node-agent/sys/', '^api/values/', '^lib/', gen]),
    room('launcher', '^node-agent/runtime/launcher/', [
      '^node-agent/sys/',
      '^node-agent/runtime/(container|security|cgroups)/',
      '^lib/',
    ]),
    room('translation', '^node-agent/runtime/translation/', [
      '^node-agent/runtime/(container|images|logs|records|sandbox|security|cgroups)/',
      '^node-agent/runtime/errors\\.ts$',
      '^lib/',
      gen,
    ]),
    room('lifecycle', '^node-agent/runtime/lifecycle/', [
      '^node-agent/runtime/(cgroups|container|images|launcher|logs|records|sandbox|security|translation)/',
      '^node-agent/runtime/errors\\.ts$',
      '^node-agent/sys/',
      '^lib/',
      gen,
    ]),
    room('agent', '^node-agent/(pods|node|probes|session)/|^node-agent/main\\.ts$', [
      '^node-agent/(pods|volumes|node|probes|session)/',
      ...outside,
    ]),
    room('volumes', '^node-agent/volumes/', ['^node-agent/sys/', ...outside]),
    pods('observation', []),
    pods('planning', ['observation']),
    pods('configuration', ['observation', 'planning'], ['^node-agent/volumes/']),
    pods('status', ['observation', 'planning', 'configuration'], ['^node-agent/session/cri-line\\.ts$']),
    pods('static', ['planning']),
    pods('steps', ['observation', 'planning', 'configuration', 'status'], ['^node-agent/(volumes|probes)/', pod]),
    pods('admission', ['planning', 'steps']),
    pods('eviction', ['observation', 'planning', 'configuration', 'steps'], ['^node-agent/volumes/']),
    room('tsctl', '^tsctl/', ['^api/', '^lib/', '^client/', gen]),
    room('deploy', '^deploy/', ['^lib/', '^client/', '^api/', '^tools/']),
    owned('koffi', ['^node-agent/sys/']),
    owned('etcd3', ['^control-plane/store/etcd']),
    owned('lmdb', ['^control-plane/store/embedded']),
    owned('ioredis', ['^control-plane/store/redis']),
    owned('@grpc/grpc-js', ['^client/', '^control-plane/server/', '^node-agent/runtime/cri/']),
    owned('prom-client', ['^lib/metrics\\.ts$']),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|docs)/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
}
