// cgroup v1 devices: Documentation/admin-guide/cgroup-v1/devices.rst.
import { allowedDevices, type DeviceRule, formatDevice } from '../devices.ts'
import { type CgroupWrite } from '../files.ts'

/** Everything is denied first, so what is not listed stays so. */
export function deviceWrites(more: readonly DeviceRule[]): readonly CgroupWrite[] {
  return [
    { file: 'devices.deny', value: 'a' },
    ...[...allowedDevices, ...more].map(device => ({ file: 'devices.allow', value: formatDevice(device) })),
  ]
}
