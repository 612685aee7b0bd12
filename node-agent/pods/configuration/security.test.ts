import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { PodSpec } from '../../../api/kinds/core-v1/pod-spec.ts'
import { NamespaceMode, SecurityProfileProfileType } from '../../../proto/gen/cri.ts'
import { container, makePod } from '../testing.ts'
import { containerSecurity, type ImageUser, sandboxSecurity } from './security.ts'

describe('security', () => {
  const image: ImageUser = { uid: undefined, username: '' }
  const of = (spec: Partial<PodSpec>, more: Partial<Container>, user = image) =>
    containerSecurity(makePod(spec), container('main', more), {
      imageUser: user,
      seccompRoot: '/node/seccomp',
      hiddenPaths: ['/sys/devices/system/cpu/cpu0/thermal_throttle'],
    })

  it('of a container comes before that of its pod', () => {
    const made = of(
      {
        securityContext: {
          runAsUser: 1,
          fsGroup: 7,
          supplementalGroups: [8],
          seccompProfile: { type: 'RuntimeDefault' },
        },
      },
      { securityContext: { runAsUser: 2, capabilities: { drop: ['ALL'] }, allowPrivilegeEscalation: false } },
    )
    assert.deepEqual(made.runAsUser, { value: 2 })
    assert.deepEqual(made.supplementalGroups, [7, 8])
    assert.equal(made.noNewPrivs, true)
    assert.deepEqual(made.capabilities, { addCapabilities: [], dropCapabilities: ['ALL'] })
    assert.equal(made.seccomp?.profileType, SecurityProfileProfileType.RuntimeDefault)
    assert.ok(made.maskedPaths?.includes('/proc/kcore'))
  })

  it('names seccomp profiles of the node by their path, and no other files', () => {
    const localhost = (localhostProfile: string) =>
      of({}, { securityContext: { seccompProfile: { type: 'Localhost', localhostProfile } } }).seccomp
    assert.deepEqual(localhost('deep/p.json'), {
      profileType: SecurityProfileProfileType.Localhost,
      localhostRef: '/node/seccomp/deep/p.json',
    })
    for (const outside of ['../x.json', '.', '', '../seccomp2/x']) {
      assert.throws(() => localhost(outside), { name: 'ConfigError', message: /is not below \/node\/seccomp/ }, outside)
    }
  })

  it('masks nothing of a privileged container', () => {
    const made = of({}, { securityContext: { privileged: true } })
    assert.deepEqual([made.maskedPaths, made.readonlyPaths, made.privileged], [[], [], true])
  })

  it('shares the namespaces asked for', () => {
    assert.equal(of({ shareProcessNamespace: true }, {}).namespaceOptions?.pid, NamespaceMode.POD)
    assert.equal(of({ hostNetwork: true }, {}).namespaceOptions?.network, NamespaceMode.NODE)
    assert.equal(of({}, {}).namespaceOptions?.pid, NamespaceMode.CONTAINER)
  })

  it('hides what this machine tells besides', () => {
    assert.ok(of({}, {}).maskedPaths?.includes('/sys/devices/system/cpu/cpu0/thermal_throttle'))
  })

  it('refuses root where it must not be', () => {
    const nonRoot = { securityContext: { runAsNonRoot: true } }
    const where = '(pod: "web_default(uid-1)", container: main)'
    const refused: readonly [why: string, more: Partial<Container>, user?: ImageUser][] = [
      ['container has runAsNonRoot and image will run as root', {}],
      ['container has runAsNonRoot and image will run as root', {}, { uid: 0, username: '' }],
      [
        "container's runAsUser breaks non-root policy",
        { securityContext: { runAsUser: 0 } },
        { uid: 33, username: '' },
      ],
      [
        'container has runAsNonRoot and image has non-numeric user (root), cannot verify user is non-root',
        {},
        { uid: undefined, username: 'root' },
      ],
    ]
    for (const [why, more, user] of refused) {
      assert.throws(() => of(nonRoot, more, user), { name: 'ConfigError', message: `${why} ${where}` })
    }
    assert.doesNotThrow(() => of(nonRoot, {}, { uid: 33, username: '' }))
    assert.doesNotThrow(() => of(nonRoot, { securityContext: { runAsUser: 5 } }))
    assert.doesNotThrow(() => of(nonRoot, { securityContext: { runAsNonRoot: false } }))
  })

  it('names the image’s user beside a group, and nobody’s else', () => {
    const grouped = (user: ImageUser, more: Partial<Container> = {}) => {
      const { runAsUser, runAsUsername, runAsGroup } = of({ securityContext: { runAsGroup: 7 } }, more, user)
      return [runAsUser?.value, runAsUsername, runAsGroup?.value]
    }
    assert.deepEqual(grouped({ uid: 33, username: '' }), [33, undefined, 7])
    assert.deepEqual(grouped({ uid: undefined, username: 'www' }), [undefined, 'www', 7])
    assert.deepEqual(grouped(image), [0, undefined, 7])
    const other = { securityContext: { runAsUser: 5, runAsGroup: 8 } }
    assert.deepEqual(grouped({ uid: undefined, username: 'www' }, other), [5, undefined, 8])
    assert.deepEqual(of({}, {}, { uid: 33, username: '' }).runAsUser, undefined)
  })

  it('has no user namespace, and says so to whoever wants one', () => {
    assert.equal(of({}, {}).namespaceOptions?.usernsOptions?.mode, NamespaceMode.NODE)
    assert.throws(() => sandboxSecurity(makePod({ hostUsers: false })), {
      message: "can't set `spec.hostUsers: false`, runtime does not support user namespaces",
    })
  })
})

describe('security of a sandbox', () => {
  it('is as confined as can be, whatever its pod’s containers are', () => {
    const open = sandboxSecurity(makePod({ securityContext: { seccompProfile: { type: 'Unconfined' } } }))
    assert.equal(open.seccomp?.profileType, SecurityProfileProfileType.RuntimeDefault)
    assert.equal(open.privileged, false)
  })

  it('lets privileged containers in, those of the initialisation too', () => {
    const privileged = container('i', { securityContext: { privileged: true } })
    assert.equal(sandboxSecurity(makePod({ initContainers: [privileged] })).privileged, true)
    assert.equal(sandboxSecurity(makePod({ containers: [privileged] })).privileged, true)
  })
})
