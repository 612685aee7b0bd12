// The devices every container may use: those the runtime makes in its /dev, and making nodes that can't be opened.

export interface DeviceRule {
  readonly type: 'c' | 'b'
  /** Absent: any. */
  readonly major?: number
  readonly minor?: number
  /** Of r (read), w (write), m (mknod). */
  readonly access: string
}

/** OCI runtime specification, config-linux, default devices; and the terminals of devpts. */
export const allowedDevices: readonly DeviceRule[] = [
  { type: 'c', access: 'm' },
  { type: 'b', access: 'm' },
  { type: 'c', major: 1, minor: 3, access: 'rwm' }, // null
  { type: 'c', major: 1, minor: 5, access: 'rwm' }, // zero
  { type: 'c', major: 1, minor: 7, access: 'rwm' }, // full
  { type: 'c', major: 1, minor: 8, access: 'rwm' }, // random
  { type: 'c', major: 1, minor: 9, access: 'rwm' }, // urandom
  { type: 'c', major: 5, minor: 0, access: 'rwm' }, // tty
  { type: 'c', major: 5, minor: 1, access: 'rwm' }, // console
  { type: 'c', major: 5, minor: 2, access: 'rwm' }, // ptmx
  { type: 'c', major: 136, access: 'rwm' }, // pts
]

/** As v1's files take it: `c 1:3 rwm`. */
export function formatDevice({ type, major, minor, access }: DeviceRule): string {
  return `${type} ${major ?? '*'}:${minor ?? '*'} ${access}`
}
