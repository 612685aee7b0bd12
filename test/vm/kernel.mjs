// Debian's cloud kernel, unpacked into a cache: nothing of it is installed, so this machine boots as before.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { quietly } from '../../deploy/local/machine.mjs'
import { Refusal } from '../../deploy/local/progress.mjs'

/**
 * @typedef {object} Kernel
 * @property {string} release as uname(1) tells it
 * @property {string} image the compressed kernel
 * @property {string} modules the folder of kernel/ and modules.dep
 */

/**
 * The newest kernel of the distribution, once for as long as the cache lives.
 * @param {string} cache an absolute folder
 * @returns {Promise<Kernel>}
 */
export async function fetchKernel(cache) {
  if (!existsSync(cache)) {
    mkdirSync(path.dirname(cache), { recursive: true })
    const work = mkdtempSync(`${cache}-`)
    try {
      await unpackInto(work)
      renameSync(work, cache)
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  }
  const [release = ''] = readdirSync(path.join(cache, 'lib/modules'))
  return {
    release,
    image: path.join(cache, 'boot', `vmlinuz-${release}`),
    modules: path.join(cache, 'lib/modules', release),
  }
}

/** @param {string} folder */
async function unpackInto(folder) {
  const depends = await quietly('apt-cache', ['depends', '--important', 'linux-image-cloud-amd64'])
  const name = /Depends: (linux-image-[\w.+-]+)/.exec(depends)?.[1]
  if (name === undefined)
    throw new Refusal('apt knows no linux-image-cloud-amd64: run `apt-get update` on a Debian machine.')
  // As root, apt downloads as a user of its own, who may not write here.
  await quietly('apt-get', ['download', '-o', 'APT::Sandbox::User=root', name], { cwd: folder })
  const [archive = ''] = readdirSync(folder)
  await quietly('dpkg-deb', ['--extract', archive, '.'], { cwd: folder })
  rmSync(path.join(folder, archive))
  // The package leaves modules.dep to the machine it is installed on.
  const [release = ''] = readdirSync(path.join(folder, 'lib/modules'))
  await quietly('busybox', ['depmod', '-b', folder, release])
}
