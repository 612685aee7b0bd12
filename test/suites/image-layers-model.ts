// What a stack of layers must look like: each applied in memory to the tree that the ones before have made, as a flat
// unpacker would to one directory, but that removals spare what their own layer has.

interface Described {
  readonly mode: number
  readonly uid: number
  readonly mtime: number
}

export type ModelEntry =
  | ({ readonly kind: 'directory'; readonly path: string } & Described)
  | ({ readonly kind: 'file'; readonly path: string; readonly content: string } & Described)
  | ({ readonly kind: 'hardlink'; readonly path: string; readonly target: string } & Described)
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | { readonly kind: 'whiteout'; readonly directory: string; readonly name: string }
  | { readonly kind: 'opaque'; readonly directory: string }

/** What several names may share. */
interface Inode extends Described {
  readonly content: string
}

interface DirectoryNode {
  readonly kind: 'directory'
  readonly children: Map<string, Node>
  mode: number
  uid: number
  /** Undefined: the moment of unpacking. */
  mtime: number | undefined
  own: boolean
}

interface FileNode {
  readonly kind: 'file'
  inode: { current: Inode }
  /** An entry of the layer being applied made it. */
  own: boolean
  /** Copied to be linked, in the layer being applied. */
  copied: boolean
}

interface SymlinkNode {
  readonly kind: 'symlink'
  readonly target: string
  own: boolean
}

type Node = DirectoryNode | FileNode | SymlinkNode

/** Why a layer can't be. */
export class ModelRefusal extends Error {}

export class ModelTree {
  readonly #root = newDirectory()

  /** @throws ModelRefusal */
  apply(layer: readonly ModelEntry[]): void {
    for (const entry of layer) this.#entry(entry)
    settle(this.#root)
  }

  /** By path, what is there; a directory's time is `*` where nobody set it. */
  listing(): Map<string, string> {
    const lines = new Map<string, string>()
    list(this.#root, '/', lines)
    return lines
  }

  #entry(entry: ModelEntry): void {
    if (entry.kind === 'opaque') {
      const at = this.#existing(parts(entry.directory))
      if (at) spare(at)
    } else if (entry.kind === 'whiteout') {
      const children = this.#existing(parts(entry.directory))?.children
      const node = children?.get(entry.name)
      if (node && !spare(node)) children?.delete(entry.name)
    } else this.#make(entry)
  }

  #make(entry: Exclude<ModelEntry, { kind: 'opaque' | 'whiteout' }>): void {
    const way = parts(entry.path)
    const name = way.pop()
    if (name === undefined) {
      if (entry.kind === 'directory') Object.assign(this.#root, described(entry))
      return
    }
    const target = entry.kind === 'hardlink' ? this.#target(entry.target) : undefined
    const { children } = this.#directory(way)
    const before = children.get(name)
    switch (entry.kind) {
      case 'directory': {
        const made = before?.kind === 'directory' ? before : newDirectory()
        Object.assign(made, described(entry), { own: true })
        children.set(name, made)
        break
      }
      case 'file': {
        const inode = { current: { content: entry.content, ...described(entry) } }
        children.set(name, { kind: 'file', inode, own: true, copied: false })
        break
      }
      case 'symlink':
        children.set(name, { kind: 'symlink', target: entry.target, own: true })
        break
      case 'hardlink':
        if (!target) break
        // What it replaces may have held its target.
        if (before?.kind === 'directory' && holds(before, target)) throw new ModelRefusal('it replaces its target')
        if (before === target) target.own = true
        else children.set(name, { ...target, own: true })
        if (target.kind === 'file') target.inode.current = { ...target.inode.current, ...described(entry) }
    }
  }

  #target(path: string): FileNode | SymlinkNode {
    const way = parts(path)
    const name = way.pop() ?? ''
    const node = this.#existing(way)?.children.get(name)
    if (!node || node.kind === 'directory') throw new ModelRefusal('no such target')
    // Names that share a file in a lower layer keep what it was.
    if (node.kind === 'file' && !node.own && !node.copied) {
      node.inode = { current: node.inode.current }
      node.copied = true
    }
    return node
  }

  #directory(way: readonly string[]): DirectoryNode {
    return this.#walk(way, true) ?? this.#root
  }

  #existing(way: readonly string[]): DirectoryNode | undefined {
    return this.#walk(way, false)
  }

  /** Links and ".." are followed as the kernel does in the root; what is missing is made, or the end. */
  #walk(way: readonly string[], make: boolean): DirectoryNode | undefined {
    const pending = [...way].reverse()
    const trail: (readonly [name: string, node: DirectoryNode | undefined])[] = [['', this.#root]]
    for (let links = 0, part = pending.pop(); part !== undefined; part = pending.pop()) {
      if (part === '..') {
        if (trail.length > 1) trail.pop()
        continue
      }
      const node = trail.at(-1)?.[1]?.children.get(part)
      if (node?.kind === 'file') throw new ModelRefusal('through a file')
      if (node?.kind === 'symlink') {
        if (++links > 40) throw new ModelRefusal('loop')
        if (node.target.startsWith('/')) trail.length = 1
        pending.push(
          ...node.target
            .split('/')
            .filter(name => name !== '' && name !== '.')
            .reverse(),
        )
      } else trail.push([part, node])
    }
    let at = this.#root
    for (const [name, node] of trail.slice(1)) {
      if (!node && !make) return undefined
      const next = node ?? newDirectory()
      at.children.set(name, next)
      at = next
    }
    return at
  }
}

function newDirectory(): DirectoryNode {
  return { kind: 'directory', children: new Map(), mode: 0o755, uid: 0, mtime: undefined, own: false }
}

const described = ({ mode, uid, mtime }: Described): Described => ({ mode, uid, mtime })

const parts = (path: string): string[] => path.split('/').filter(part => part !== '' && part !== '.')

/** Takes away what the layer itself has not; whether anything is left. */
function spare(node: Node): boolean {
  if (node.kind !== 'directory') return node.own
  for (const [name, child] of node.children) if (!spare(child)) node.children.delete(name)
  return node.own || node.children.size > 0
}

function holds(directory: DirectoryNode, wanted: Node): boolean {
  return [...directory.children.values()].some(
    child => child === wanted || (child.kind === 'directory' && holds(child, wanted)),
  )
}

function settle(node: Node): void {
  node.own = false
  if (node.kind === 'file') node.copied = false
  if (node.kind === 'directory') for (const child of node.children.values()) settle(child)
}

function list(node: Node, path: string, lines: Map<string, string>): void {
  if (node.kind === 'symlink') lines.set(path, `-> ${node.target}`)
  else if (node.kind === 'file') {
    const { content, mode, uid, mtime } = node.inode.current
    lines.set(path, `${content} ${mode.toString(8)} ${uid} ${mtime}`)
  } else {
    lines.set(path, `directory ${node.mode.toString(8)} ${node.uid} ${node.mtime ?? '*'}`)
    for (const [name, child] of node.children) list(child, `${path === '/' ? '' : path}/${name}`, lines)
  }
}
