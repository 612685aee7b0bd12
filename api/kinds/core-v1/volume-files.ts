// Files of a volume, and the entries they are made from.
import { type Infer, int32, message, one, string } from '../../schema/message.ts'
import { objectFieldSelector, resourceFieldSelector } from './environment.ts'

export const keyToPath = message('api.core.v1.KeyToPath', 'An entry and the file it becomes.', {
  key: string(1, "The entry's key.", { required: true, nonEmpty: true }),
  path: string(2, "The file's path in the volume; relative, without '..'.", { required: true, nonEmpty: true }),
  mode: int32(3, "The file's permissions, as a decimal number; default the volume's.", { explicit: true }),
})
export interface KeyToPath extends Infer<typeof keyToPath> {}

export const downwardAPIVolumeFile = message(
  'api.core.v1.DownwardAPIVolumeFile',
  'A fact about the pod as a file; exactly one source is given.',
  {
    path: string(1, "The file's path in the volume; relative, without '..'.", { required: true, nonEmpty: true }),
    fieldRef: one(2, 'A field of the pod: name, namespace, uid, labels, annotations.', objectFieldSelector),
    resourceFieldRef: one(3, 'A limit or request of a container.', resourceFieldSelector),
    mode: int32(4, "The file's permissions, as a decimal number; default the volume's.", { explicit: true }),
  },
)
export interface DownwardAPIVolumeFile extends Infer<typeof downwardAPIVolumeFile> {}
