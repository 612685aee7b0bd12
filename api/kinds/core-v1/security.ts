// What a process may be and may do.
import { boolean, type Infer, int64, list, type Message, message, one, string } from '../../schema/message.ts'

export const securityContext = message('api.core.v1.SecurityContext', '', {
  capabilities: one(1, '', (): Message<Capabilities> => capabilities),
  privileged: boolean(2, '', { explicit: true }),
  seLinuxOptions: one(3, '', (): Message<SELinuxOptions> => seLinuxOptions),
  runAsUser: int64(4, '', { explicit: true, min: 0, max: 2147483647 }),
  runAsNonRoot: boolean(5, '', { explicit: true }),
  readOnlyRootFilesystem: boolean(6, '', { explicit: true }),
  allowPrivilegeEscalation: boolean(7, '', { explicit: true }),
  runAsGroup: int64(8, '', { explicit: true, min: 0, max: 2147483647 }),
  procMount: string(9, '', { explicit: true, enum: ['Default', 'Unmasked'] }),
  windowsOptions: one(10, '', (): Message<WindowsSecurityContextOptions> => windowsSecurityContextOptions),
  seccompProfile: one(11, '', (): Message<SeccompProfile> => seccompProfile),
  appArmorProfile: one(12, '', (): Message<AppArmorProfile> => appArmorProfile),
})
export interface SecurityContext extends Infer<typeof securityContext> {}

export const podSecurityContext = message('api.core.v1.PodSecurityContext', '', {
  seLinuxOptions: one(1, '', (): Message<SELinuxOptions> => seLinuxOptions),
  runAsUser: int64(2, '', { explicit: true, min: 0, max: 2147483647 }),
  runAsNonRoot: boolean(3, '', { explicit: true }),
  supplementalGroups: list(4, '', 'int64', { listType: 'atomic' }),
  fsGroup: int64(5, '', { explicit: true, min: 0, max: 2147483647 }),
  runAsGroup: int64(6, '', { explicit: true, min: 0, max: 2147483647 }),
  sysctls: list(7, '', (): Message<Sysctl> => sysctl, { listType: 'atomic' }),
  windowsOptions: one(8, '', (): Message<WindowsSecurityContextOptions> => windowsSecurityContextOptions),
  fsGroupChangePolicy: string(9, '', { explicit: true, enum: ['Always', 'OnRootMismatch'] }),
  seccompProfile: one(10, '', (): Message<SeccompProfile> => seccompProfile),
  appArmorProfile: one(11, '', (): Message<AppArmorProfile> => appArmorProfile),
  supplementalGroupsPolicy: string(12, '', { explicit: true, enum: ['Merge', 'Strict'] }),
  seLinuxChangePolicy: string(13, '', { explicit: true, enum: ['MountOption', 'Recursive'] }),
})
export interface PodSecurityContext extends Infer<typeof podSecurityContext> {}

export const capabilities = message('api.core.v1.Capabilities', '', {
  add: list(1, '', 'string', { listType: 'atomic' }),
  drop: list(2, '', 'string', { listType: 'atomic' }),
})
export interface Capabilities extends Infer<typeof capabilities> {}

export const seLinuxOptions = message('api.core.v1.SELinuxOptions', '', {
  user: string(1, ''),
  role: string(2, ''),
  type: string(3, ''),
  level: string(4, ''),
})
export interface SELinuxOptions extends Infer<typeof seLinuxOptions> {}

export const seccompProfile = message('api.core.v1.SeccompProfile', '', {
  type: string(1, '', { required: true, enum: ['Localhost', 'RuntimeDefault', 'Unconfined'], nonEmpty: true }),
  localhostProfile: string(2, '', { explicit: true }),
})
export interface SeccompProfile extends Infer<typeof seccompProfile> {}

export const appArmorProfile = message('api.core.v1.AppArmorProfile', '', {
  type: string(1, '', { required: true, enum: ['Localhost', 'RuntimeDefault', 'Unconfined'], nonEmpty: true }),
  localhostProfile: string(2, '', { explicit: true }),
})
export interface AppArmorProfile extends Infer<typeof appArmorProfile> {}

export const windowsSecurityContextOptions = message('api.core.v1.WindowsSecurityContextOptions', '', {
  gmsaCredentialSpecName: string(1, '', { explicit: true }),
  gmsaCredentialSpec: string(2, '', { explicit: true }),
  runAsUserName: string(3, '', { explicit: true }),
  hostProcess: boolean(4, '', { explicit: true }),
})
export interface WindowsSecurityContextOptions extends Infer<typeof windowsSecurityContextOptions> {}

export const sysctl = message('api.core.v1.Sysctl', '', {
  name: string(1, '', { required: true, nonEmpty: true }),
  value: string(2, '', { required: true }),
})
export interface Sysctl extends Infer<typeof sysctl> {}
