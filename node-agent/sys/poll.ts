// Readiness of any descriptor on Node's event loop: pidfds and netlink sockets, which net.Socket refuses.
import koffi from 'koffi'

export interface Watch {
  close(): void
}

/** Calls back whenever the descriptor is readable (a pidfd: when its process has ended) or hung up. */
export function watchReadable(fd: number, onReadable: () => void): Watch {
  const handle = koffi.node.poll(fd, { readable: true, disconnect: true }, () => onReadable())
  return { close: () => handle.close() }
}
