// Where images lie on disk, below one folder:
//   index.json                    what is here: the only commit point
//   blobs/ALGORITHM/HEX           manifests and configurations
//   chains/HEX/fs                 one layer unpacked, named by its chain ID, for what it holds depends on the layers below;
//                                 shared by all containers through overlayfs
//   chains/HEX/layer.json         its size
//   layers/HEX/…                  the same, named by diff ID and unpacked without regard to the layers below: of images
//                                 that came before version 2 of the index, until they come again or are removed
//   staging/…                     imports under way; whatever is there at start-up is left over
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'
import path from 'node:path'
import { algorithmOf, type Digest, hexOf, type Sha256 } from './digest.ts'

/** A layer's folder, below that of all images. */
export type LayerFolder = `${(typeof layerFolders)[number]}/${string}`

const layerFolders = ['chains', 'layers'] as const
const blobFolders = ['blobs/sha256', 'blobs/sha512'] as const

export class ImageLayout {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  get index(): string {
    return path.join(this.root, 'index.json')
  }
  get chains(): string {
    return path.join(this.root, 'chains')
  }
  get staging(): string {
    return path.join(this.root, 'staging')
  }
  /** Folders of things with names of their own, as parts of paths below the root. */
  get collections(): readonly string[] {
    return [...blobFolders, ...layerFolders]
  }
  /** As a path below the root. */
  blobName(digest: Digest): string {
    return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`
  }
  blob(digest: Digest): string {
    return path.join(this.root, this.blobName(digest))
  }
  chain(chainId: Sha256): LayerFolder {
    return `chains/${hexOf(chainId)}`
  }
  layer(folder: LayerFolder): string {
    return path.join(this.root, folder)
  }
  /** An overlay's lower directory. */
  layerRoot(folder: LayerFolder): string {
    return path.join(this.layer(folder), 'fs')
  }
  layerRecord(folder: LayerFolder): string {
    return path.join(this.layer(folder), 'layer.json')
  }
}

/** Writes a file so that after a crash or power loss it has either its old content or the new. */
export function writeDurably(file: string, content: Uint8Array): void {
  const temporary = `${file}.new`
  const fd = openSync(temporary, 'w', 0o600)
  try {
    for (let offset = 0; offset < content.length; ) offset += writeSync(fd, content, offset)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(temporary, file)
  syncFolder(path.dirname(file))
}

/** Makes renames in a folder survive a power loss. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
