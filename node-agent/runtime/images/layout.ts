// Where images lie on disk, below one folder:
//   index.json              what is here: the only commit point
//   blobs/sha256/HEX        manifests and configurations
//   layers/HEX/fs           one layer unpacked, named by its diff ID; shared by all containers through overlayfs
//   layers/HEX/layer.json   its size
//   staging/…               imports under way; whatever is there at start-up is left over
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'
import path from 'node:path'
import { type Digest, hexOf } from './digest.ts'

export class ImageLayout {
  readonly root: string

  constructor(root: string) {
    this.root = root
  }

  get index(): string {
    return path.join(this.root, 'index.json')
  }
  get blobs(): string {
    return path.join(this.root, 'blobs', 'sha256')
  }
  get layers(): string {
    return path.join(this.root, 'layers')
  }
  get staging(): string {
    return path.join(this.root, 'staging')
  }
  blob(digest: Digest): string {
    return path.join(this.blobs, hexOf(digest))
  }
  layer(diffId: Digest): string {
    return path.join(this.layers, hexOf(diffId))
  }
  /** An overlay's lower directory. */
  layerRoot(diffId: Digest): string {
    return path.join(this.layer(diffId), 'fs')
  }
  layerRecord(diffId: Digest): string {
    return path.join(this.layer(diffId), 'layer.json')
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
