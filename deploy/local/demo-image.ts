// A small image made on the spot from the machine's static busybox, as `docker save` would write it: what
// the demo pods run, without a registry.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { pack } from 'tar-stream'

export const demoImage = 'docker.io/tessera/demo:1'

/** @returns a docker-archive (tar) of one layer: /bin/busybox, a link to it for each applet, and the usual folders */
export async function demoImageArchive(busybox = '/bin/busybox'): Promise<Buffer> {
  const layer = await rootFileSystem(busybox)
  const diffId = `sha256:${sha256(layer)}`
  const config = JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], Cmd: ['sh'] },
    rootfs: { type: 'layers', diff_ids: [diffId] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: 'busybox' }],
  })
  const configName = `${sha256(config)}.json`
  const archive = pack()
  archive.entry({ name: 'layer.tar' }, layer)
  archive.entry({ name: configName }, config)
  archive.entry(
    { name: 'manifest.json' },
    JSON.stringify([{ Config: configName, RepoTags: ['tessera/demo:1'], Layers: ['layer.tar'] }]),
  )
  archive.finalize()
  return buffer(archive)
}

async function rootFileSystem(busybox: string): Promise<Buffer> {
  const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n')
  const tar = pack()
  const mtime = new Date(0)
  for (const name of ['bin', 'etc', 'root', 'var', 'www']) tar.entry({ name, type: 'directory', mode: 0o755, mtime })
  tar.entry({ name: 'tmp', type: 'directory', mode: 0o1777, mtime })
  tar.entry({ name: 'etc/passwd', mtime }, 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n')
  tar.entry({ name: 'etc/group', mtime }, 'root:x:0:\nnogroup:x:65534:\n')
  tar.entry({ name: 'bin/busybox', mode: 0o755, mtime }, readFileSync(busybox))
  for (const applet of applets) {
    if (applet !== 'busybox') tar.entry({ name: `bin/${applet}`, type: 'symlink', linkname: 'busybox', mtime })
  }
  tar.finalize()
  return buffer(tar)
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}
