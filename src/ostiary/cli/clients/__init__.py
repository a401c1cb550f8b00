"""`ostiary clients …`: look at clients, keep them as code, bring them from elsewhere, change many at once."""

from ostiary.cli.clients.as_code import apply_folder, export_clients, plan_folder
from ostiary.cli.clients.bulk import bulk
from ostiary.cli.clients.importing import import_clients
from ostiary.cli.clients.looking import clients

__all__ = ["clients"]

for command in (export_clients, import_clients, plan_folder, apply_folder, bulk):
    clients.add_command(command)
