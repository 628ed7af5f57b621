"""Every table, in one place for migrations."""

from __future__ import annotations

from backend.alerts import models as alerts
from backend.break_glass import models as break_glass
from backend.checkins import models as checkins
from backend.core import audit, heartbeat, sessions
from backend.core.database import Base
from backend.evaluation import models as evaluation
from backend.hooks import models as hooks
from backend.instruments import models as instruments
from backend.messaging import models as messaging
from backend.patients import models as patients
from backend.practices import models as practices
from backend.programme import models as programme
from backend.quality import models as quality
from backend.risk import models as risk
from backend.sync import models as sync

__all__ = [
    "Base",
    "alerts",
    "audit",
    "break_glass",
    "checkins",
    "evaluation",
    "heartbeat",
    "hooks",
    "instruments",
    "messaging",
    "patients",
    "practices",
    "programme",
    "quality",
    "risk",
    "sessions",
    "sync",
]
