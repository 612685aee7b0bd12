// What Go's net/url makes of the same texts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { formatUrl, hostname, parseUrl, portOf, requestUri, resolveReference } from './go-url.ts'

describe('a URL', () => {
  it('keeps a path as it was written where that is a valid form', () => {
    for (const path of ['/a(b)', '/a%28b', '/%41', '/a+b;c=1,2', '/a/../b', '/[x]', "/it's!", '*']) {
      assert.equal(parseUrl(path).path, path)
    }
  })

  it('escapes what may not stand in a path, and then all of it', () => {
    assert.equal(parseUrl('/a b(c)').path, '/a%20b%28c%29')
    assert.equal(parseUrl('/é"').path, '/%C3%A9%22')
    assert.equal(parseUrl('/a%20b c').path, '/a%20b%20c')
  })

  it('takes query and fragment apart, and leaves the query alone', () => {
    const url = parseUrl('/a?b=c d&e="f"?#g h')
    assert.deepEqual([url.path, url.query, url.fragment], ['/a', 'b=c d&e="f"?', 'g%20h'])
    assert.equal(requestUri(url), '/a?b=c d&e="f"?')
    assert.equal(requestUri(parseUrl('/a?')), '/a?')
  })

  it('is refused in Go’s words', () => {
    assert.throws(() => parseUrl('/%zz'), /^UrlError: invalid URL escape "%zz"$/)
    assert.throws(() => parseUrl('/a%2'), /invalid URL escape "%2"/)
    assert.throws(() => parseUrl(':80'), /missing protocol scheme/)
    assert.throws(() => parseUrl('a b:c/d'), /first path segment in URL cannot contain colon/)
    assert.throws(() => parseUrl('/a\nb'), /net\/url: invalid control character in URL/)
  })

  it('names its host and port', () => {
    const url = parseUrl('HTTPS://user@[fd00::1]:8443/x')
    assert.deepEqual([url.scheme, url.host, hostname(url), portOf(url)], ['https', '[fd00::1]:8443', 'fd00::1', 8443])
    assert.deepEqual([hostname(parseUrl('http://a/')), portOf(parseUrl('http://a/'))], ['a', 80])
  })

  it('is written with a slash before a path that has none', () => {
    assert.equal(
      formatUrl({ ...parseUrl('healthz'), scheme: 'http', host: '10.0.0.1:80' }),
      'http://10.0.0.1:80/healthz',
    )
    assert.equal(requestUri(parseUrl('healthz')), '/healthz')
  })

  it('resolves references', () => {
    const base = parseUrl('http://a:80/b/c?d')
    const resolved = (reference: string): string => formatUrl(resolveReference(base, parseUrl(reference)))
    assert.equal(resolved('x'), 'http://a:80/b/x')
    assert.equal(resolved('../x'), 'http://a:80/x')
    assert.equal(resolved('../../../x/.'), 'http://a:80/x/')
    assert.equal(resolved('/x?y'), 'http://a:80/x?y')
    assert.equal(resolved('?y'), 'http://a:80/b/c?y')
    assert.equal(resolved('//e/f'), 'http://e/f')
    assert.equal(resolved('https://e'), 'https://e')
  })
})
