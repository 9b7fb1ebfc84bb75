// Package eventout prints what a watch tells, one line an event:
//
//	14:03:07.512 + tcp  ESTABLISHED 127.0.0.1:40022  127.0.0.1:5432  psql[812]
//	14:03:09.020 ~ tcp  CLOSE_WAIT  127.0.0.1:40022  127.0.0.1:5432  psql[812]  was ESTABLISHED
//	14:03:09.101 - tcp  CLOSE_WAIT  127.0.0.1:40022  127.0.0.1:5432  psql[812]  lived 1.58s, 12.4kB out, 1.1MB in
//
// the local time, + for opened, - for closed, ~ for changed, = for what was there
// in the beginning and ! for lost ones; protocol, state, both ends, and who holds
// the socket or has held it last. A socket that comes to match the filter, or does
// not any more, has the signs of one that is opened or closed, and words that say
// so. Text that comes from elsewhere is escaped.
package eventout
