// A container's environment: services first, then envFrom, then env, the later replacing the earlier.
import type { ConfigMap } from '../../../api/kinds/core-v1/config-map.ts'
import type { Container } from '../../../api/kinds/core-v1/container.ts'
import type { EnvVar, EnvVarSource } from '../../../api/kinds/core-v1/environment.ts'
import type { Secret } from '../../../api/kinds/core-v1/secret.ts'
import type { Service } from '../../../api/kinds/core-v1/service.ts'
import type { Pod } from '../planning/situation.ts'
import { isFromApi } from '../planning/source.ts'
import { expand } from './expansion.ts'
import { fieldValue, resourceValue, type Surroundings } from './fields.ts'
import { serviceEnvironment } from './service-env.ts'

/** The container can't be configured as its spec asks: reason CreateContainerConfigError. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export interface EnvironmentSources {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>
  secret(namespace: string, name: string): Promise<Secret | undefined>
  /** Undefined: the API has not told of them yet. */
  services(): Iterable<Service> | undefined
}

/** @throws ConfigError when something that is not optional is missing */
export async function environment(
  pod: Pod,
  container: Container,
  surroundings: Surroundings,
  sources: EnvironmentSources,
): Promise<Map<string, string>> {
  const namespace = pod.metadata.namespace ?? ''
  const services = sources.services()
  // Pods of a file run without the API; others come from it, so that it is about to tell.
  if (services === undefined && isFromApi(pod)) {
    throw new ConfigError('services have not yet been read at least once, cannot construct envvars')
  }
  const variables = serviceEnvironment(services ?? [], namespace, pod.spec.enableServiceLinks ?? true)
  for (const { prefix = '', configMapRef, secretRef } of container.envFrom ?? []) {
    const data = configMapRef
      ? await configMapText(sources, namespace, configMapRef)
      : await secretText(sources, namespace, secretRef ?? {})
    for (const [key, value] of data ?? []) variables.set(prefix + key, value)
  }
  for (const variable of container.env ?? []) {
    const value = await valueOf(variable, pod, container, surroundings, sources, variables)
    if (value !== undefined) variables.set(variable.name, value)
  }
  return variables
}

interface Reference {
  readonly name?: string
  readonly optional?: boolean
}

/** Undefined: what is optional and missing, and so sets no variable. */
async function valueOf(
  { name, value, valueFrom }: EnvVar,
  pod: Pod,
  container: Container,
  surroundings: Surroundings,
  sources: EnvironmentSources,
  variables: ReadonlyMap<string, string>,
): Promise<string | undefined> {
  if (valueFrom === undefined) return expand(value ?? '', reference => variables.get(reference))
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef }: EnvVarSource = valueFrom
  const namespace = pod.metadata.namespace ?? ''
  try {
    if (fieldRef) return fieldValue(pod, fieldRef.fieldPath, surroundings)
    if (resourceFieldRef) {
      const { containerName, resource, divisor } = resourceFieldRef
      return resourceValue(pod, containerName || container.name, resource, divisor, surroundings)
    }
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error))
  }
  if (configMapKeyRef) {
    const data = await configMapText(sources, namespace, configMapKeyRef)
    return keyOf(data, configMapKeyRef, `ConfigMap ${namespace}/${configMapKeyRef.name ?? ''}`)
  }
  if (secretKeyRef) {
    const data = await secretText(sources, namespace, secretKeyRef)
    return keyOf(data, secretKeyRef, `Secret ${namespace}/${secretKeyRef.name ?? ''}`)
  }
  throw new ConfigError(`env ${name}: valueFrom.${Object.keys(valueFrom).join(', ')} is not supported by this node`)
}

function keyOf(
  data: ReadonlyMap<string, string> | undefined,
  { key, optional = false }: { readonly key: string; readonly optional?: boolean },
  where: string,
): string | undefined {
  const value = data?.get(key)
  if (value === undefined && !optional) throw new ConfigError(`couldn't find key ${key} in ${where}`)
  return value
}

async function configMapText(
  sources: EnvironmentSources,
  namespace: string,
  { name = '', optional = false }: Reference,
): Promise<Map<string, string> | undefined> {
  const found = await sources.configMap(namespace, name)
  if (found === undefined && !optional) throw new ConfigError(`configmap "${name}" not found`)
  return found && new Map(Object.entries(found.data ?? {}))
}

async function secretText(
  sources: EnvironmentSources,
  namespace: string,
  { name = '', optional = false }: Reference,
): Promise<Map<string, string> | undefined> {
  const found = await sources.secret(namespace, name)
  if (found === undefined && !optional) throw new ConfigError(`secret "${name}" not found`)
  const data = Object.entries(found?.data ?? {})
  return found && new Map(data.map(([key, base64]) => [key, Buffer.from(base64, 'base64').toString('utf8')]))
}
