// cgroup v2 devices: Documentation/admin-guide/cgroup-v2.rst, Device controller.
import { attachDeviceProgram } from '../../../sys/bpf.ts'
import { allowedDevices, type DeviceRule } from '../devices.ts'
import { deviceProgram } from './device-program.ts'

/** Processes of the cgroup may use the allowed devices only. */
export function restrictDevices(folder: string, more: readonly DeviceRule[]): void {
  attachDeviceProgram(folder, deviceProgram([...allowedDevices, ...more]))
}
