import { duplicate, type FieldError, forbidden, invalid, notFound, required } from '../../schema/field-error.ts'
import { ipErrors } from '../../values/ip.ts'
import { dns1123LabelErrors, portNameErrors } from '../../values/names.ts'
import { each, must, relativePathErrors, unique } from '../rules.ts'
import type { Container, ContainerPort } from './container.ts'
import { validateEnv, validateEnvFrom } from './environment-validation.ts'
import type { EphemeralContainer } from './ephemeral-container.ts'
import type { PodSpec } from './pod-spec.ts'
import { forbidProbes, validateProbes } from './probes-validation.ts'
import { validateResources } from './resources-validation.ts'
import { validateSecurityContext } from './security-validation.ts'

export function validateContainers(spec: PodSpec, field: string): FieldError[] {
  const errors: FieldError[] = []
  const once = unique(errors)
  const graceSeconds = spec.terminationGracePeriodSeconds ?? 30
  for (const [path, container] of each(`${field}.containers`, spec.containers)) {
    errors.push(...validateCommon(container, spec, path))
    once(`${path}.name`, container.name)
    errors.push(...validateProbes(container, path, graceSeconds))
  }
  for (const [path, container] of each(`${field}.initContainers`, spec.initContainers)) {
    errors.push(...validateCommon(container, spec, path))
    once(`${path}.name`, container.name)
    // An init container that restarts always stays beside the others: a sidecar.
    if (container.restartPolicy === 'Always') errors.push(...validateProbes(container, path, graceSeconds))
    else errors.push(...forbidProbes(container, path))
  }
  for (const [path, container] of each(`${field}.ephemeralContainers`, spec.ephemeralContainers)) {
    errors.push(...validateCommon(container, spec, path), ...validateEphemeral(container, spec, path))
    once(`${path}.name`, container.name)
  }
  errors.push(...validateHostPorts(spec, field))
  return errors
}

function validateCommon(container: Container | EphemeralContainer, spec: PodSpec, field: string): FieldError[] {
  const errors: FieldError[] = []
  const { name, image } = container
  if (name !== '') must(errors, `${field}.name`, name, dns1123LabelErrors)
  if (image === undefined) errors.push(required(`${field}.image`))
  else if (image.trim() !== image) {
    errors.push(invalid(`${field}.image`, image, 'must not have leading or trailing whitespace'))
  }
  errors.push(
    ...validatePorts(container.ports, `${field}.ports`),
    ...validateEnv(container.env, `${field}.env`),
    ...validateEnvFrom(container.envFrom, `${field}.envFrom`),
    ...validateMounts(container, spec, field),
    ...validateResources(container.resources, `${field}.resources`),
    ...validateSecurityContext(container.securityContext, `${field}.securityContext`, spec.hostUsers !== false),
    ...validateRestart(container, field),
  )
  const claims = new Set(spec.resourceClaims?.map(claim => claim.name))
  for (const [path, claim] of each(`${field}.resources.claims`, container.resources.claims)) {
    if (!claims.has(claim.name)) errors.push(notFound(`${path}.name`, claim.name))
  }
  return errors
}

function validateRestart(
  { restartPolicy, restartPolicyRules }: Container | EphemeralContainer,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  if (restartPolicyRules !== undefined && restartPolicy === undefined) {
    errors.push(required(`${field}.restartPolicy`, 'must specify restartPolicy when restart rules are used'))
  }
  for (const [path, { exitCodes }] of each(`${field}.restartPolicyRules`, restartPolicyRules)) {
    if (exitCodes === undefined) errors.push(required(`${path}.exitCodes`, 'must be specified'))
    else if ((exitCodes.values ?? []).length === 0) {
      errors.push(invalid(`${path}.exitCodes.values`, exitCodes.values ?? [], 'must not be empty'))
    }
  }
  return errors
}

function validatePorts(ports: readonly ContainerPort[] | undefined, field: string): FieldError[] {
  const errors: FieldError[] = []
  const once = unique(errors)
  for (const [path, { name, hostIP }] of each(field, ports)) {
    if (name !== undefined) {
      must(errors, `${path}.name`, name, portNameErrors)
      once(`${path}.name`, name)
    }
    must(errors, `${path}.hostIP`, hostIP, ipErrors)
  }
  return errors
}

/** A port of the host can be taken once in a pod; with the host's network it is the container's own. */
function validateHostPorts(spec: PodSpec, field: string): FieldError[] {
  const errors: FieldError[] = []
  const lists = { containers: spec.containers, initContainers: spec.initContainers }
  for (const [kind, containers] of Object.entries(lists)) {
    const taken = new Set<string>()
    for (const [path, container] of each(`${field}.${kind}`, containers)) {
      // Init containers run one after another, so only those within one container can collide.
      if (kind === 'initContainers') taken.clear()
      for (const [portPath, port] of each(`${path}.ports`, container.ports)) {
        const { hostPort, hostIP = '', protocol = 'TCP', containerPort } = port
        if (hostPort === undefined) continue
        const key = `${protocol}/${hostIP}/${hostPort}`
        if (taken.has(key)) errors.push(duplicate(`${portPath}.hostPort`, key))
        taken.add(key)
        if (spec.hostNetwork === true && hostPort !== containerPort) {
          const detail = 'must match `hostPort` when `hostNetwork` is true'
          errors.push(invalid(`${portPath}.containerPort`, containerPort, detail))
        }
      }
    }
  }
  return errors
}

function validateMounts(container: Container | EphemeralContainer, spec: PodSpec, field: string): FieldError[] {
  const errors: FieldError[] = []
  const volumes = new Map((spec.volumes ?? []).map(volume => [volume.name, volume]))
  const paths = new Set<string>()
  for (const [path, mount] of each(`${field}.volumeMounts`, container.volumeMounts)) {
    if (mount.name !== '' && !volumes.has(mount.name)) errors.push(notFound(`${path}.name`, mount.name))
    if (paths.has(mount.mountPath)) errors.push(invalid(`${path}.mountPath`, mount.mountPath, 'must be unique'))
    paths.add(mount.mountPath)
    must(errors, `${path}.subPath`, mount.subPath, relativePathErrors)
    must(errors, `${path}.subPathExpr`, mount.subPathExpr, relativePathErrors)
    if (mount.subPath !== undefined && mount.subPathExpr !== undefined) {
      errors.push(invalid(`${path}.subPathExpr`, mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
    }
    if (mount.mountPropagation === 'Bidirectional' && container.securityContext?.privileged !== true) {
      const detail = 'Bidirectional mount propagation is available only to privileged containers'
      errors.push(forbidden(`${path}.mountPropagation`, detail))
    }
    if (mount.recursiveReadOnly !== undefined && mount.recursiveReadOnly !== 'Disabled') {
      const at = `${path}.recursiveReadOnly`
      if (mount.readOnly !== true) errors.push(forbidden(at, 'may only be specified when readOnly is true'))
      if (mount.mountPropagation !== undefined && mount.mountPropagation !== 'None') {
        errors.push(forbidden(at, 'may only be specified when mountPropagation is None or not specified'))
      }
    }
  }
  const devices = new Set<string>()
  for (const [path, { name, devicePath }] of each(`${field}.volumeDevices`, container.volumeDevices)) {
    const volume = volumes.get(name)
    if (name !== '' && volume === undefined) errors.push(notFound(`${path}.name`, name))
    if (volume !== undefined && volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
      const detail = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'
      errors.push(invalid(`${path}.name`, name, detail))
    }
    must(errors, `${path}.devicePath`, devicePath, relativeUnlessAbsolute)
    if (devices.has(devicePath)) errors.push(invalid(`${path}.devicePath`, devicePath, 'must be unique'))
    if (paths.has(devicePath)) {
      errors.push(invalid(`${path}.devicePath`, devicePath, 'must not already exist as a path in volumeMounts'))
    }
    devices.add(devicePath)
  }
  return errors
}

const relativeUnlessAbsolute = (path: string) =>
  path.split('/').includes('..') ? ["can not contain backsteps ('..')"] : []

/** What makes no sense in a container that is added to look at a running pod. */
const notEphemeral = ['ports', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'] as const

function validateEphemeral(container: EphemeralContainer, spec: PodSpec, field: string): FieldError[] {
  const errors: FieldError[] = []
  for (const name of notEphemeral) {
    if (container[name] !== undefined)
      errors.push(forbidden(`${field}.${name}`, 'cannot be set for an Ephemeral Container'))
  }
  if (container.resources.limits !== undefined || container.resources.requests !== undefined) {
    errors.push(forbidden(`${field}.resources`, 'cannot be set for an Ephemeral Container'))
  }
  const { targetContainerName: target } = container
  const targets = [...spec.containers, ...(spec.initContainers ?? [])]
  if (target !== undefined && !targets.some(({ name }) => name === target)) {
    errors.push(notFound(`${field}.targetContainerName`, target))
  }
  return errors
}
