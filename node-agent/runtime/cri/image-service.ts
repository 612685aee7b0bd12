// CRI's ImageService, and importing archives.
import type { ImageFilter, ImageServiceDefinition } from '../../../proto/gen/cri.ts'
import type { ImagesDefinition, ImportRequest } from '../../../proto/gen/runtime.ts'
import { RuntimeError } from '../errors.ts'
import { ImageError } from '../images/errors.ts'
import type { Importer } from '../images/importer.ts'
import type { StoredImage } from '../images/store-index.ts'
import type { Runtime } from '../lifecycle/runtime.ts'
import { image, nanoseconds } from '../translation/messages.ts'
import { streamEach } from './list-stream.ts'
import type { Handlers } from './service.ts'

export function imageHandlers(runtime: Runtime): Handlers<ImageServiceDefinition> {
  const { images } = runtime
  const toImage = (stored: StoredImage) => image(stored, images.config(stored))
  const resolve = (name: string | undefined): StoredImage | undefined => {
    if (!name) throw new RuntimeError('invalid', 'image.image: is missing')
    return images.resolve(name)
  }
  const matching = (filter: ImageFilter | undefined): readonly StoredImage[] => {
    const name = filter?.image?.image
    if (!name) return images.list()
    const found = images.resolve(name)
    return found ? [found] : []
  }
  return {
    ListImages: ({ filter }) => ({ images: matching(filter).map(toImage) }),
    StreamImages: ({ filter }, client) =>
      streamEach(matching(filter), client, stored => ({ images: [toImage(stored)] })),
    ImageStatus: ({ image: spec, verbose }) => {
      const found = resolve(spec?.image)
      if (!found) return {}
      return { image: toImage(found), info: verbose ? { config: JSON.stringify(images.config(found)) } : {} }
    },
    PullImage: ({ image: spec }) => {
      const name = spec?.image
      if (!name) throw new RuntimeError('invalid', 'image.image: is missing')
      // Since v1.36 the same everywhere: Image.id, Container.image_id, ContainerStatus.image_id and this.
      return { imageRef: images.require(name).id }
    },
    RemoveImage: ({ image: spec }) => {
      const found = resolve(spec?.image)
      if (!found) return {}
      const user = runtime.containerRecords.list().find(container => container.imageId === found.id)
      if (user) {
        const name = found.references[0] ?? found.id
        const message = `image ${name} is used by container ${user.config.metadata?.name ?? ''} (${user.id}): remove that first`
        throw new ImageError('in-use', message)
      }
      images.remove(found)
      return {}
    },
    ImageFsInfo: () => {
      const { bytes, inodes } = images.usage()
      return {
        imageFilesystems: [
          {
            timestamp: nanoseconds(Date.now()),
            fsId: { mountpoint: images.layout.root },
            usedBytes: { value: bytes },
            inodesUsed: { value: inodes },
          },
        ],
      }
    },
  }
}

export function importHandlers(importer: Importer): Handlers<ImagesDefinition> {
  return {
    Import: async ({ requests, send, signal }) => {
      const iterator = requests[Symbol.asyncIterator]()
      const first = await iterator.next()
      if (first.done) throw new ImageError('invalid', 'no archive was sent')
      const reference = first.value.reference ?? ''
      async function* data(): AsyncGenerator<Uint8Array> {
        let current: IteratorResult<ImportRequest, unknown> = first
        while (!current.done) {
          if (current.value.data && current.value.data.length > 0) yield current.value.data
          current = await iterator.next()
        }
      }
      const images = await importer.import(data(), {
        ...(reference !== '' && { reference }),
        onProgress: progress => void send(progress),
        signal,
      })
      await send({
        images: images.map(({ id, references, sizeBytes }) => ({ id, references: [...references], sizeBytes })),
      })
    },
  }
}
