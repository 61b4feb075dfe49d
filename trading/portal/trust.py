"""What each part of the platform could betray if it were stolen: a public table, with the test that shows each line.

The words are about what is built. A guard test holds every named test to be there.
"""

from __future__ import annotations

from dataclasses import dataclass

from trading.base.errors import Said


@dataclass(frozen=True)
class Part:
    """One part: what its theft reveals, changes and stops, and where that was tried."""

    name: Said
    reveals: Said
    changes: Said
    stops: Said
    tests: tuple[str, ...]


PARTS = (
    Part(Said("应用服务器（含运行内存）", "Application server, with its memory"),
         Said("截止前：谁在投标、何时投标；不能看到报价，密钥不在这里。解密时段后：已公布的内容。",
              "Before the close: who files and when; no price, for no key to one is here. Afterwards: what is published anyway."),
         Said("可以向浏览器发送被改动的页面（命令行密封工具不受影响）；不能改动、补交或者倒签投标，见证方和时间戳机构会拒绝。",
              "Can serve a changed page to a browser (the command-line sealer is not touched); cannot alter, add or back-date a bid: witnesses and time stamps contradict it."),
         Said("服务中断；投标人持有回执或者自己的时间戳。", "Service; bidders hold receipts."),
         ("tests/web/test_price_hunt.py", "tests/services/test_opening.py::test_late_by_construction", "tests/services/test_key_holders.py::test_a_real_bid_cannot_be_read_as_a_rehearsal")),
    Part(Said("数据库（含日志和临时文件）", "Database, with its journal and temporary files"),
         Said("密文、时间的日期、公开内容；投标人、投标数量和保证金在箱内，钥匙在另外的文件。",
              "Ciphertext, days, what is public; bidders, counts and deposits are boxed, the key is a file elsewhere."),
         Said("任何一行都可以改，但每一行都有封签，钥匙不在数据库里：核对时指明被改的表、行和列；连同封签换回旧数据，与日志中留存的总数不符。",
              "Any row; but each has a seal whose key is elsewhere, so that an audit names table, row and column; an older state, seals and all, contradicts the totals in the log."),
         Said("服务；可从备份恢复，见证方会发现被恢复的旧日志。", "Service; a restored older state is noticed by the witnesses."),
         ("tests/web/test_price_hunt.py", "tests/services/test_watchers.py::test_a_restored_backup_raises_the_alarm_and_stops_filings", "tests/services/test_archive.py",
          "tests/services/test_database_audit.py::test_every_column_of_every_table_changed_in_turn_is_found_and_named")),
    Part(Said("文件存储", "File store"),
         Said("投标密文和它们的大小；大小经过填充。", "Ciphertexts and their sizes, which are padded."),
         Said("密文损坏可以逐段定位，从第二份存储恢复；恢复不了的认定为平台原因。",
              "Damage is located by part and mended from a second store; what cannot be mended counts as the platform's doing."),
         Said("被损坏的投标不能开启。", "The damaged bids."),
         ("tests/services/test_opening.py::test_damaged_storage_is_the_platforms_fault",
          "tests/services/test_opening.py::test_damaged_storage_is_mended_from_the_second_store")),
    Part(Said("Redis 等缓存", "Redis and other caches"), Said("没有使用。", "None is used."), Said("没有。", "Nothing."), Said("没有。", "Nothing."), ()),
    Part(Said("备份", "Backup"), Said("与数据库相同。", "The same as the database."),
         Said("用旧备份替换现有数据：见证方记得更长的日志，告警并停止受理投标。",
              "Put back in place of the present: the witnesses remember a longer log; an alarm stops filings."),
         Said("没有。", "Nothing."), ("tests/services/test_watchers.py::test_a_restored_backup_raises_the_alarm_and_stops_filings", "tests/web/test_price_hunt.py")),
    Part(Said("定时任务", "Scheduler"),
         Said("没有：它不持有任何密钥。", "Nothing: it holds no key."),
         Said("推迟截标会被时间规则拒绝：截止由取锁后的时钟判断；提前开标时密钥持有人不释放。",
              "Closing late changes nothing: the clock read under the lock decides. For an opening too early no key holder releases."),
         Said("开标推迟；重新启动后继续，结果唯一。", "Openings wait; started again, they go on to one result."),
         ("tests/services/test_crash_truth.py", "tests/services/test_opening.py::test_four_processes_give_one_result")),
    Part(Said("竞价服务（现场和网上竞价）", "Live bidding"),
         Said("成交前：每一次报价和竞买号；竞买号属于谁在箱内。底价不在这里。", "Before the deal: every bid and its paddle; whose paddle it is, is boxed. No reserve price."),
         Said("不能替人报价、改价或者倒签：每次报价由竞买人设备上的密钥签名，编号写入日志；截止由取锁后的时钟判断。",
              "Cannot bid for anybody, change or back-date a bid: each is signed by a key on the bidder's device and numbered in the log; the clock read under the lock decides."),
         Said("中断时停表，恢复后剩余时间继续，公开记录。", "The clock stands still while it is away and goes on with what was left, in public."),
         ("tests/services/test_live_faults.py", "tests/services/test_live_concurrency.py", "tests/journeys/test_live_crashes.py", "tests/web/test_live_pages.py::test_nobody_is_named_before_the_deal")),
    Part(Said("一个密钥持有人", "One key holder"), Said("没有：一个份额不含任何信息。", "Nothing: one share says nothing."),
         Said("谎报份额损坏会被争议程序揭穿；提前释放被拒绝并留下签名证据。",
              "A false claim of damage is refuted by the dispute; an early release is refused and its signature kept."),
         Said("没有：其余持有人足够开标。", "Nothing: the others are enough."),
         ("tests/services/test_key_holders.py::test_any_two_of_three_open_it", "tests/services/test_key_holders.py::test_a_holder_that_claims_garbage_is_refuted_and_the_bid_opens",
          "tests/services/test_key_holders.py::test_an_early_share_is_refused_and_proves_who_gave_it")),
    Part(Said("k−1 个密钥持有人", "k−1 key holders"),
         Said("没有：少于 k 个份额不含任何信息，即使再加上整个数据库。", "Nothing: fewer than k shares say nothing, even with the whole database."),
         Said("没有。", "Nothing."),
         Said("n−k+1 个缺席时开标等待，24 小时后流标、投标不解密；截止前的密钥演练会先发现。",
              "When n−k+1 stay away the opening waits; after 24 hours the lot fails with its bids sealed. Rehearsals before the deadline show it first."),
         ("tests/rules/test_envelope_attacks.py", "tests/rules/test_opening_table.py", "tests/services/test_key_holders.py::test_too_few_holders_hold_the_opening_then_fail_the_lot")),
    Part(Said("监督人员的账号", "A supervisor's account"),
         Said("正在监督的项目；截止前不含投标人和报价。", "The cases supervised; before the close neither bidders nor prices."),
         Said("暂停、恢复、修改法规参数都需要两个人。", "Pauses, resumptions and changes of the rules need two people."),
         Said("没有。", "Nothing."),
         ("tests/web/test_secrecy.py", "tests/services/test_pauses.py", "tests/services/test_lawbook.py")),
    Part(Said("软件供应商", "Software supplier"),
         Said("可以交付被改动的程序；密封在投标人一侧完成，核验有独立的程序，格式公开，任何人可以另写一个。",
              "Can deliver changed programs. Sealing happens on the bidder's side, verifying in separate programs; the formats are published, so that anybody can write another."),
         Said("归档包由自己带着的核验程序和任何别的核验程序检查。", "Packs are checked by the verifier they carry and by any other."),
         Said("更新。", "Updates."),
         ("tests/services/test_archive.py", "tests/rules/test_envelope_vectors.py", "tests/browser/test_seal_browser.py", "tests/browser/test_html_verifier.py")),
)
