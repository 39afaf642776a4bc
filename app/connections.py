"""Everything about connections that only an administrator may see or change, behind one router."""

from fastapi import APIRouter

from app import connection_api, connection_pages

router = APIRouter()
router.include_router(connection_api.router)
router.include_router(connection_pages.router)
