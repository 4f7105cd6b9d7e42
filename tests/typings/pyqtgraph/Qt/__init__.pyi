from PyQt6 import QtCore as QtCore
from PyQt6 import QtGui as QtGui
from PyQt6 import QtWidgets as QtWidgets

from . import QtTest as QtTest
