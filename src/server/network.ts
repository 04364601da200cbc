import { BlockList, isIPv6 } from 'node:net'

/**
 * Who an address belongs to: itself, or the first 64 bits of an IPv6 address, of which one machine has as many as it likes. An address may
 * be written in any way, as it may come from a reverse proxy.
 * @example networkOf('2001:db8::7') // '2001:db8:0:0'
 */
export function networkOf(address: string): string {
  const [unscoped] = unmapped(address).split('%')
  if (!isIPv6(unscoped)) return unscoped
  const shortest = new URL(`http://[${unscoped}]`).hostname.slice(1, -1)
  const [before, after] = shortest.split('::').map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = after === undefined ? 0 : 8 - before.length - after.length
  return [...before, ...Array(zeros).fill('0'), ...(after ?? [])].slice(0, 4).join(':')
}

/** An IPv4 address that came as an IPv6 one, as systems that listen for both write it, is an IPv4 address. */
const unmapped = (address: string): string => /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address

/**
 * Whether an address is one of these, or lies in one of their blocks.
 * @example amongAddresses(['10.0.0.0/8', '::1'])('10.1.2.3') // true
 */
export function amongAddresses(list: readonly string[]): (address: string) => boolean {
  const blocks = new BlockList()
  for (const [address, bits] of list.map((entry) => entry.split('/'))) {
    if (bits === undefined) blocks.addAddress(address, familyOf(address))
    else blocks.addSubnet(address, Number(bits), familyOf(address))
  }
  return (address) => blocks.check(unmapped(address), familyOf(unmapped(address)))
}

const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4')
