//! The formats that a store has had. A step is never changed once it was released; new ones are added.

/// Each step leads from the format with its index to the next one.
pub(super) const STEPS: &[&str] = &[
    // 1: the journal, and the local organization.
    "
    create table heads (
        account   text    primary key not null,
        version   integer not null,
        next_wake integer,
        head      text    not null
    ) strict;
    create index heads_by_next_wake on heads (next_wake, account) where next_wake is not null;

    create table records (
        account text    not null,
        version integer not null,
        at      integer not null,
        day     text    not null,
        body    text    not null,
        primary key (account, version)
    ) strict, without rowid;
    create index records_by_day on records (day, account, version);

    create table fleet (
        only_row integer primary key check (only_row = 1),
        version  integer not null,
        head     text    not null
    ) strict;

    create table fleet_records (
        version integer primary key,
        at      integer not null,
        day     text    not null,
        body    text    not null
    ) strict;

    -- What stands for AWS on one machine.
    create table local (
        kind text not null,
        name text not null,
        body text not null,
        primary key (kind, name)
    ) strict, without rowid;

    -- For people.
    create view accounts as
        select account,
               coalesce(head ->> '$.tag.reading.known', head ->> '$.tag.reading') as state,
               head ->> '$.tag.since'                  as since,
               head ->> '$.profile.name'               as name,
               head ->> '$.profile.units[0]'           as unit,
               head ->> '$.task.kind'                  as task,
               head ->> '$.quarantine.next_try'        as quarantined_until,
               head ->> '$.hold.until'                 as held_until,
               version
        from heads;
    create view history as
        select account,
               version,
               body ->> '$.at'          as at,
               body ->> '$.cause.origin' as origin,
               body ->  '$.fact'        as fact,
               body ->  '$.owes'        as owes
        from records;
    ",
];
