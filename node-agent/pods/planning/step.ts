// The steps a plan is made of: plain data, so plans are printed, compared and tested without a runtime.

export type KillReason = 'ending' | 'sandboxChanged' | 'specChanged' | 'unhealthy' | 'unknownState'

export type Step =
  | { readonly kind: 'prepareVolumes' }
  | { readonly kind: 'releaseVolumes' }
  | { readonly kind: 'createSandbox'; readonly attempt: number }
  | { readonly kind: 'stopSandbox'; readonly id: string }
  | { readonly kind: 'removeSandbox'; readonly id: string }
  | { readonly kind: 'ensureImage'; readonly container: string; readonly attempt: number }
  | {
      readonly kind: 'startContainer'
      readonly container: string
      readonly sandboxId: string
      readonly attempt: number
      /** What follows this container's end; see restart.ts. */
      readonly backoffMs: number
      /** A container that was created and never started, to be removed first. */
      readonly replaces: string | undefined
    }
  /** Tells a container that will be killed, but has to outlive others, and runs its preStop hook. */
  | {
      readonly kind: 'forewarn'
      readonly container: string
      readonly id: string
      readonly message: string
      readonly deadlineMs: number
    }
  | {
      readonly kind: 'killContainer'
      readonly container: string
      readonly id: string
      readonly reason: KillReason
      readonly message: string
      /** When the process must be gone, in milliseconds since 1970. */
      readonly deadlineMs: number
      /** It was told before, and its hook has run. */
      readonly forewarned: boolean
      /** The second kill, beside the first, of a container whose time was cut short. */
      readonly hastened: boolean
    }
  | { readonly kind: 'removeContainer'; readonly container: string; readonly id: string }
  /** Tells the API that the pod is gone from here. */
  | { readonly kind: 'deletePod' }
  /** Removes the pod's directories. */
  | { readonly kind: 'forget' }

/** Steps of one subject never run at the same time. */
export function subjectOf(step: Step): string {
  switch (step.kind) {
    case 'prepareVolumes':
    case 'releaseVolumes':
      return 'volumes'
    case 'createSandbox':
      return 'sandbox'
    case 'stopSandbox':
    case 'removeSandbox':
      return `sandbox/${step.id}`
    case 'ensureImage':
      return `image/${step.container}`
    case 'startContainer':
      return `container/${step.container}`
    case 'killContainer':
      return step.hastened ? `hastened/${step.id}` : `container/${step.container}`
    case 'forewarn':
      return `forewarning/${step.id}`
    case 'removeContainer':
      return `removal/${step.id}`
    case 'deletePod':
    case 'forget':
      return 'pod'
  }
}

/** What a failed step is remembered by until it is tried again. */
export const failureKey = (kind: Step['kind'], container = ''): string => `${kind}/${container}`

/** The same, of a step at hand. */
export function failureKeyOf(step: Step): string {
  if ('container' in step) return failureKey(step.kind, step.kind === 'removeContainer' ? step.id : step.container)
  return failureKey(step.kind, 'id' in step ? step.id : '')
}
