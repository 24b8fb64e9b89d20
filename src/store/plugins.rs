//! Rows of plugins: read whole at a start, written beside the batches in a transaction of their own. What they mean is the
//! plugin room's business.

use super::backend::{Backend, Connection, Read};
use super::encode::{list, rows};
use super::sql::Sql;
use crate::domain::{Span, Time};
use crate::port::{PluginJob, PluginRow, PluginRows, PluginValue, StoreError};

/// Reads everything.
pub(super) async fn load<C: Connection>(sql: &'static Sql, c: &mut C) -> Result<PluginRows, StoreError> {
    let plugin: Read<C::Row, PluginRow> = |r| {
        Ok(PluginRow {
            plugin: r.text()?,
            granted: r.json()?,
            granted_by: r.text()?,
            granted_at: r.opt_int()?.map(Time),
            settings: r.text()?,
            seq: r.opt_int()?,
            done: r.json()?,
        })
    };
    let value: Read<C::Row, PluginValue> =
        |r| Ok(PluginValue { plugin: r.text()?, name: r.text()?, value: Some(r.text()?) });
    let job: Read<C::Row, PluginJob> = |r| {
        let (plugin, job, due_at) = (r.text()?, r.text()?, Some(r.time()?));
        Ok(PluginJob { plugin, job, due_at, every: Span(r.int()?), data: r.text()? })
    };
    Ok(PluginRows {
        plugins: c.each(&sql.load_plugins, Vec::new(), "plugins", plugin).await?,
        values: c.each(&sql.load_plugin_values, Vec::new(), "plugin_values", value).await?,
        jobs: c.each(&sql.load_plugin_jobs, Vec::new(), "plugin_jobs", job).await?,
    })
}

/// Writes rows, all or none, if the writer's epoch is still this one.
pub(super) async fn save<B: Backend>(
    sql: &'static Sql,
    c: &mut B::Connection,
    given: &PluginRows,
    epoch: i64,
) -> Result<(), StoreError> {
    let plugins = rows(&given.plugins, |row, it| {
        row.put(&it.plugin)
            .put(&it.granted)
            .put(&it.granted_by)
            .put(&it.granted_at)
            .put(&it.settings)
            .put(&it.seq)
            .put(&it.done);
    })?;
    let kept = given.values.iter().filter_map(|it| Some((it, it.value.as_ref()?)));
    let values = rows(kept, |row, (it, value)| {
        row.put(&it.plugin).put(&it.name).put(value);
    })?;
    let planned = given.jobs.iter().filter_map(|it| Some((it, it.due_at?)));
    let jobs = rows(planned, |row, (it, due_at)| {
        row.put(&it.plugin).put(&it.job).put(&due_at).put(&it.every).put(&it.data);
    })?;
    let gone_values = given.values.iter().filter(|it| it.value.is_none());
    let gone_values: Vec<_> = gone_values.map(|it| (&it.plugin, &it.name)).collect();
    let gone_jobs = given.jobs.iter().filter(|it| it.due_at.is_none());
    let gone_jobs: Vec<_> = gone_jobs.map(|it| (&it.plugin, &it.job)).collect();

    c.run(B::BEGIN, Vec::new()).await?;
    if c.run(&sql.begin_plugins, vec![epoch.into()]).await? == 0 {
        return Err(StoreError::Fenced);
    }
    for (statement, given) in
        [(&sql.save_plugins, plugins), (&sql.save_plugin_values, values), (&sql.save_plugin_jobs, jobs)]
    {
        if let Some(rows) = given {
            c.run(statement, vec![rows.into()]).await?;
        }
    }
    if !gone_values.is_empty() {
        c.run(&sql.drop_plugin_values, vec![list(gone_values)?.into()]).await?;
    }
    if !gone_jobs.is_empty() {
        c.run(&sql.drop_plugin_jobs, vec![list(gone_jobs)?.into()]).await?;
    }
    c.run("COMMIT", Vec::new()).await.map(drop)
}
